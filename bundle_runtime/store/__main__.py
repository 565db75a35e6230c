"""`python -m bundle_runtime.store --beside URI`: one try, one report, and always exit code 0.

A layer saves time and decides nothing: where there is none, each pod installs its requirements itself. So whatever goes
wrong here is said in the report, and the Job goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
import traceback
from typing import Any

from bundle_runtime.contract import report
from bundle_runtime.contract.document_loader import DIGEST_VARIABLE, load
from bundle_runtime.contract.layout import Layout
from bundle_runtime.layers.members import LayerError
from bundle_runtime.store.layer import store_layer

LONGEST_SECONDS = 300.0  # bundles wait for the Job, so a slow store is not worth it


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bundle_runtime.store", description=__doc__)
    parser.add_argument("--beside", required=True, help="where the artifact is: s3://BUCKET/KEY")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        layout = Layout.from_environment()
        load(layout, os.environ.get(DIGEST_VARIABLE, ""))
        layer, packed = store_layer(layout, options.beside)
    except (LayerError, report.RuntimeFailure) as failure:
        said = failure.message if isinstance(failure, report.RuntimeFailure) else str(failure)
        return _report(started, noLayer=said)
    except Exception as error:
        traceback.print_exc()
        return _report(started, noLayer=f"it could not be stored: {type(error).__name__}: {error}")
    return _report(started, layer={**layer.as_dict(), "files": packed.files})


def _report(started: float, **said: Any) -> int:
    print(said.get("noLayer") or f"stored {said['layer']}", flush=True)
    report.write(report.Report(report.COMPLETED, seconds={"store": time.monotonic() - started}, **said))
    return 0


def run() -> None:
    """The whole process, within its time. Its end is not Python's own, which would wait for threads of an upload."""
    watch = threading.Timer(LONGEST_SECONDS, _give_up, [time.monotonic()])
    watch.daemon = True
    watch.start()
    code = main()
    watch.cancel()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _give_up(started: float) -> None:
    _report(started, noLayer=f"it was not stored within {LONGEST_SECONDS:.0f} s, and bundles wait for it")
    os._exit(0)


if __name__ == "__main__":
    run()
