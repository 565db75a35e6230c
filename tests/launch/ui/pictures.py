"""`python -m tests.launch.ui.pictures` makes the pictures of docs/how-to/look-at-bundles.md, with a Chromium."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.cluster.connection import Connection
from launch.ui.actions import POSTS
from launch.ui.board import Board
from launch.ui.cluster_source import ClusterSource
from launch.ui.requests import READS
from launch.ui.server import Server
from launch.ui.watching import start
from tests.launch.families import clone, root
from tests.launch.ui.browser import Browser, chromium
from tests.launch.ui.stand_in import StandIn, bundle, endpoint

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
STATES = (
    ("True", "Serving", "1 of 1 replicas answer"),
    ("False", "ArtifactNotFound", "Nothing lies at s3://models/translate.zip: upload it, or correct the URI."),
    ("Unknown", "Progressing", "The worker loads the bundle."),
    ("True", "Stored", "0 replicas are asked for."),
)
NAMES = ("sentiment", "translate", "ranker", "captions", "fraud", "embeddings", "moderation", "summary")


def fill(api: StandIn, stamp: str) -> None:
    """A few bundles of two teams, and a family with an endpoint that moves."""
    for number, name in enumerate(NAMES):
        made = bundle(f"{name}-v{number % 3 + 1}", namespace=f"team-{'ab'[number % 2]}", ready=STATES[number % 4])
        made["metadata"]["creationTimestamp"] = stamp
        api.put(PLURAL, made)
    v1 = root("spam-v1")
    v2 = clone(v1, "spam-v2", appConfig={"mode": "batched", "layers": [1, 2]})
    v3 = clone(v2, "spam-v3", requirements=["scikit-learn==1.5.2", "numpy"])
    loud = clone(v1, "spam-loud", "LoadFailed", env=[{"name": "MODE", "value": "loud"}])
    for made in (v1, v2, v3, loud):
        made["metadata"].update(namespace="models", creationTimestamp=stamp)
        made["status"].update(readyReplicas=1, image="python:3.12-slim")
        made["status"]["conditions"][0]["message"] = STATES[0][2]
        if made is loud:
            made["status"]["readyReplicas"] = 0
            made["status"]["conditions"][0].update(status="False", message="load_model_fn raised KeyError: 'loud'")
        api.put(PLURAL, made)
    moving = {"from": "spam-v1", "to": "spam-v2", "until": "2026-01-31T12:01:51Z"}
    moves = endpoint("spam", "spam-v2", moving=moving)
    moves["metadata"]["creationTimestamp"] = stamp
    api.put(ENDPOINT_PLURAL, moves)


def main() -> None:
    """Both pictures; a message where there is no Chromium."""
    program = chromium()
    if program is None:
        sys.exit("there is no Chromium on this machine: apt-get install chromium")
    api = StandIn()
    fill(api, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3 * 86400)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        os.environ["KUBECONFIG"] = api.write_kubeconfig(Path(directory, "kubeconfig"))
        source = ClusterSource(Connection(), None)
        board = Board({"where": "https://cluster.example.com", "namespace": None, "narrowed": "", "write": False})
        server = Server(0, "a-token", board, source, READS, POSTS)
        start(source, board, threading.Event(), [PLURAL, ENDPOINT_PLURAL])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = Browser(program, Path(directory, "profile"))
        IMAGES.mkdir(exist_ok=True)
        _take(browser, server.url, "document.querySelector('tbody tr')", 620, "ui-bundles.png")
        browser.dark(True)
        place = server.url.partition("#")[0] + "#/bundle/models/spam-v2"
        _take(browser, place, "document.querySelectorAll('.node').length === 4", 900, "ui-family.png")
        browser.close()
        server.shutdown()
    api.stop()


def _take(browser: Browser, url: str, shown: str, height: int, name: str) -> None:
    size = {"width": 1100, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.call("Emulation.setDeviceMetricsOverride", **size)
    browser.open(url)
    browser.wait(shown)
    browser.screenshot(IMAGES / name)


if __name__ == "__main__":
    main()
