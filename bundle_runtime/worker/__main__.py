"""The worker container's command: a small parent, and the worker as its child."""

from __future__ import annotations

import sys

from bundle_runtime.worker import parent

if __name__ == "__main__":
    parent.fork_worker()  # before anything else is imported: what is imported here, the parent holds too
    from bundle_runtime.worker import process

    try:
        code = process.main()
    except KeyboardInterrupt:
        code = 130
    finally:
        process.end_soon()
    sys.exit(code)
