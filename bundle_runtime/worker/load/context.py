"""What a function that is written with @contextmanager gives: entered once it is loaded, left when the worker ends.

Only these: a model that has __enter__ of its own, a session or a file, means something else by it.
"""

from __future__ import annotations

import atexit
import contextlib
from typing import Any

from bundle_runtime.worker.predict.shared_loop import shared_loop

_left_at_the_end = contextlib.ExitStack()
_sync = type(contextlib.contextmanager(lambda: iter(()))())
_async = type(contextlib.asynccontextmanager(lambda: None)())  # type: ignore[arg-type, return-value, var-annotated]


def entered(value: Any) -> Any:
    """The value itself, or what it yields where it is made of a generator function."""
    if isinstance(value, _sync):
        _register()
        return _left_at_the_end.enter_context(value)
    if isinstance(value, _async):
        _register()
        found = shared_loop.wait(value.__aenter__())
        _left_at_the_end.callback(lambda: shared_loop.wait(value.__aexit__(None, None, None)))
        return found
    return value


def _register() -> None:
    atexit.unregister(_left_at_the_end.close)
    atexit.register(_left_at_the_end.close)
