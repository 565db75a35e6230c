"""One way to write what both kinds of bundles need: coroutines that wait for nothing where predict_fn does not."""

from __future__ import annotations

from typing import Any, Coroutine, TypeVar

_Result = TypeVar("_Result")


def finish(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of a coroutine that never waits, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise RuntimeError("it waits for something")
