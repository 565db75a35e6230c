"""Opens the page in the user's browser. Its URL holds a token, and a command line can be read by every user of this
machine: so the browser is given a file, which only its owner may read, that leads there."""

from __future__ import annotations

import contextlib
import html
import os
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path
from typing import Iterator, Mapping

_PAGE = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={}"><a href="{}">Open</a>\n'


@contextlib.contextmanager
def opened(url: str) -> Iterator[None]:
    """While this goes on the file is there."""
    with tempfile.TemporaryDirectory(prefix="modelbundle-ui-") as directory:  # of its owner alone
        file = Path(directory, "open.html")
        file.write_text(_PAGE.format(html.escape(url), html.escape(url)), encoding="utf-8")
        threading.Thread(target=webbrowser.open, args=(file.as_uri(),), daemon=True).start()
        yield


def has_screen(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser has a window; without one it would take the terminal."""
    if platform in ("darwin", "win32"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
