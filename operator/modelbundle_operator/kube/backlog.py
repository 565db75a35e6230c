"""How many events of a watch kopf holds: its queue has no bound, and it reads faster than it hands on.

So whoever reads the watch waits while there are many. What then is not read stays with the API server, which ends a
watch that is too slow; kopf begins it again where it was.
"""

import asyncio
import contextlib

MOST = 100
# kopf hands on an event within milliseconds; one that it has dropped, for an error of its own, is not waited for
LOST_SECONDS = 10.0


class Backlog:
    """Events that kopf has been given, and the handler has not."""

    def __init__(self, lost_seconds: float = LOST_SECONDS) -> None:
        self._lost_seconds = lost_seconds
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()

    def handled(self) -> None:
        """The handler has had one."""
        self._set(max(self._held - 1, 0))

    async def given(self) -> None:
        """kopf is given one; returns when it may be given another."""
        self._set(self._held + 1)
        if self._room.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._room.wait(), self._lost_seconds)
            return
        self._set(0)

    def _set(self, held: int) -> None:
        self._held = held
        if held < MOST:
            self._room.set()
        else:
            self._room.clear()
