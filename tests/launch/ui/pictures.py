"""`python -m tests.launch.ui.pictures` makes the pictures of docs/how-to/look-at-bundles.md, with a Chromium.

The page's clock stands where the operator's stood, so that pictures differ only where the page does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.cluster.connection import Connection
from launch.ui.actions import POSTS
from launch.ui.board import Board
from launch.ui.cluster_source import ClusterSource
from launch.ui.requests import READS
from launch.ui.server import Server
from launch.ui.watching import start
from tests.launch.ui.browser import Browser, chromium
from tests.launch.ui.fleet import Fleet, judged
from tests.launch.ui.stand_in import StandIn
from tests.launch.ui.views import VIEWS, fill, show, stop_the_clock

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
WIDTH = 1180


def main() -> None:
    """Each view's picture; a message where there is no Chromium."""
    program = chromium()
    if program is None:
        sys.exit("there is no Chromium on this machine: apt-get install chromium")
    fleet = asyncio.run(judged())
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory, _page(fleet, directory) as (url, api):
        browser = Browser(program, Path(directory, "profile"))
        browser.call("Emulation.setScrollbarsHidden", hidden=True)
        stop_the_clock(browser)
        browser.open(url)
        for view in VIEWS:
            size = {"width": WIDTH, "height": view.height, "deviceScaleFactor": 1, "mobile": False}
            browser.call("Emulation.setDeviceMetricsOverride", **size)
            browser.dark(view.is_dark)
            show(browser, view, api, fleet)
            browser.screenshot(IMAGES / f"{view.name}.png")
        browser.close()


@contextmanager
def _page(fleet: Fleet, directory: str) -> Iterator[tuple[str, StandIn]]:
    api = StandIn()
    fill(api, fleet)
    os.environ["KUBECONFIG"] = api.write_kubeconfig(Path(directory, "kubeconfig"))
    source = ClusterSource(Connection(), None)
    board = Board({"where": "https://cluster.example.com", "namespace": None, "narrowed": "", "write": False})
    server = Server(0, "a-token", board, source, READS, POSTS)
    start(source, board, threading.Event(), [PLURAL, ENDPOINT_PLURAL])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.url, api
    server.shutdown()
    api.close()


if __name__ == "__main__":
    main()
