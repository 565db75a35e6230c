"""A server of one wheel, which its owner can make hold, or cut, the answer in the middle of the file.

It is named by a direct reference, `NAME @ URL`, so it needs no index beside it.
"""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from pathlib import Path

from tools.testkit.distributions import wheel
from tools.testkit.http_in_thread import HttpInThread, Quiet

TRICKLE_SECONDS = 5.0


class WheelServer(HttpInThread):
    """`entry` is what a bundle requires. The wheel has `bytes` that nothing compresses beside its module."""

    def __init__(self, name: str, listen: str, size: int = 1 << 20) -> None:
        self.name, self.asked = name, 0
        self.cuts = False  # the connection, after half of the file
        self._goes_on = threading.Event()
        self._goes_on.set()
        self.halfway = threading.Event()  # an answer has come so far since hold()
        content = _content(name, size)
        outer = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response_only(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command == "HEAD":
                    return
                half = len(content) * 3 // 4
                self.wfile.write(content[:half])
                self.wfile.flush()
                if outer.cuts:
                    self.close_connection = True
                    return
                outer.halfway.set()
                while not outer._goes_on.wait(TRICKLE_SECONDS):  # a client gives up on one that sends nothing
                    self.wfile.write(content[half : half + 1])
                    half += 1
                self.wfile.write(content[half:])

            do_HEAD = do_GET

        super().__init__(Handler, listen)
        self.entry = f"{name} @ {self.url}/{name}-1.0-py3-none-any.whl"

    def hold(self) -> None:
        """Answers stop after three quarters of the file, until go_on()."""
        self._goes_on.clear()
        self.halfway.clear()

    def go_on(self) -> None:
        self._goes_on.set()

    def close(self) -> None:
        self.go_on()
        super().close()


def _content(name: str, size: int) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = wheel(Path(directory), name, "1.0")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(f"{name}/data.bin", os.urandom(size))
        return path.read_bytes()
