"""How far a transfer is: a bar in a terminal or notebook, a line now and then in a log, nothing when it is short."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator

SHORT_SECONDS = 0.5  # no bar for what ends sooner
LOG_EVERY_SECONDS = 15.0
LOG_FROM_BYTES = 256 << 20
BAR_FROM_BYTES = 64 << 10  # of less there is no bar, and tqdm is not imported


class _Lines:
    """Stands for a stream that is not a terminal: a bar that is drawn again becomes a line each."""

    def write(self, text: str) -> None:
        if text.strip():
            sys.stderr.write(text.strip() + "\n")

    def flush(self) -> None:
        sys.stderr.flush()


@contextmanager
def transfer_progress(size: int, what: str, wanted: bool = True) -> Iterator[Callable[[int], object]]:
    """Gives the function that takes each transferred number of bytes; a negative one takes back."""
    interactive = sys.stderr.isatty() or "ipykernel" in sys.modules
    wanted = wanted and size >= (BAR_FROM_BYTES if interactive else LOG_FROM_BYTES)
    if not wanted or importlib.util.find_spec("tqdm") is None:  # packing needs no extra, and tqdm is of one
        yield lambda transferred: None
        return
    from tqdm.auto import tqdm  # the notebook's widget in a notebook

    log: Dict[str, Any] = (
        {} if interactive else {"file": _Lines(), "mininterval": LOG_EVERY_SECONDS, "ncols": 80, "ascii": True}
    )
    with tqdm(total=size, desc=what, unit="B", unit_scale=True, unit_divisor=1024, delay=SHORT_SECONDS, **log) as bar:
        yield bar.update
