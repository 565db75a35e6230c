"""The limits of what bundles may ask for, as the kubelet keeps them in a directory: a ConfigMap, a file for each key.

The operator needs no right for that. A change arrives within a minute or two, as mounted ConfigMaps do; every bundle is
looked at again then.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from modelbundle_operator.bundle.limits import Limits, unknown
from modelbundle_operator.loop.key import Key

log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
# the kubelet changes where this link leads, and so all files at once
_DATA = "..data"


class LimitsDirectory:
    """What was read last; nothing is limited where there is no directory."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory) if directory else None
        self._limits: Limits = {}

    def current(self) -> Limits:
        """The limits, by their names."""
        return self._limits

    async def read(self) -> bool:
        """Read them; whether they differ from what was read before. OSError where they cannot be read."""
        if self._directory is None:
            return False
        found = await asyncio.to_thread(_texts, self._directory)
        if found == self._limits:
            return False
        self._limits = found
        log.info("limits of what bundles may ask for: %s", ", ".join(sorted(found)) or "none")
        if odd := unknown(found):
            log.warning("these limit nothing, as no limit has such a name: %s", ", ".join(odd))
        return True

    async def run(self, known: Callable[[], Iterable[Key]], enqueue: Callable[[Key], None]) -> None:
        """Forever; what cannot be read is left as it was, and tried again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                changed = await self.read()
            except OSError as error:
                log.warning("the limits of what bundles may ask for cannot be read, the former ones hold: %s", error)
                continue
            for key in sorted(known()) if changed else ():
                enqueue(key)


def _texts(directory: Path) -> dict[str, str]:
    newest = (directory / _DATA).resolve() if (directory / _DATA).exists() else directory
    # a ConfigMap may have bytes that are no text: such an entry allows nothing, and the other limits hold all the same
    return {file.name: file.read_text("utf-8", "replace") for file in newest.iterdir() if file.is_file()}
