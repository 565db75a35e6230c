"""What may take long runs beside the event loop, one at a time; what is short waits for none of it."""

from __future__ import annotations

import asyncio
import threading

from modelbundle_operator.loop.aside import LIGHT_BYTES, by_weight


async def test_only_what_is_heavy_leaves_the_loop() -> None:
    here = threading.get_ident()
    assert await by_weight(LIGHT_BYTES, threading.get_ident) == here
    assert await by_weight(LIGHT_BYTES + 1, threading.get_ident) != here


async def test_two_never_run_at_once_and_what_is_light_passes_them() -> None:
    inside = most = 0
    go = threading.Event()

    def heavy() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        go.wait(60)
        inside -= 1

    waiting = [asyncio.create_task(by_weight(LIGHT_BYTES + 1, heavy)) for _ in range(4)]
    await asyncio.sleep(0.01)
    assert await by_weight(1, lambda: "light") == "light"
    assert not any(task.done() for task in waiting)
    go.set()
    await asyncio.gather(*waiting)
    assert most == 1


async def test_what_it_raises_arrives_whatever_it_is() -> None:
    class Panic(BaseException):
        """As a library's in Rust."""

    def fails() -> None:
        raise Panic

    try:
        await by_weight(LIGHT_BYTES + 1, fails)
    except Panic:
        return
    raise AssertionError("nothing was raised")
