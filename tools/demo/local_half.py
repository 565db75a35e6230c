"""The first half: the quickstart bundle as two local processes, no cluster anywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time

from tools.demo.examples import pack
from tools.testkit.call import curl
from tools.testkit.place import ROOT
from tools.testkit.screen import line, step, typed

OUT = ROOT / "build" / "demo" / "local"
REQUEST = {"x": 2, "y": "abc"}


def show() -> None:
    step("Without a cluster: the quickstart bundle as local processes")
    typed(f"python -m examples.pack {OUT.relative_to(ROOT)} --only quickstart")
    pack(OUT, only="quickstart")
    manifest = OUT / "quickstart" / "bundle.yaml"
    typed(f"modelbundle serve {manifest.relative_to(ROOT)} --port 0")
    command = [sys.executable, "-m", "launch.cli", "serve", str(manifest), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as serve:
        watchdog = threading.Timer(60, serve.kill)
        watchdog.start()
        try:
            url = _wait_until_ready(serve)
            answer = curl(url, REQUEST)
            line(answer.line())
            if (answer.status, answer.value) != (200, 7):
                raise RuntimeError(f"expected 7, got {answer}")
        finally:
            watchdog.cancel()
            serve.terminate()
            _drain(serve)
    line("stopped the local processes")


def _wait_until_ready(serve: subprocess.Popen[str]) -> str:
    """The URL that it serves at; its own lines are shown as they come."""
    assert serve.stderr is not None
    started = time.monotonic()
    seen = []
    for text in serve.stderr:
        seen.append(text)
        line(f"| {text.rstrip()}")
        if found := re.search(r"curl (http://\S+)/predict", text):
            return found[1]
    serve.wait()
    raise RuntimeError(f"modelbundle serve ended after {time.monotonic() - started:.0f} s:\n{''.join(seen)}")


def _drain(serve: subprocess.Popen[str]) -> None:
    assert serve.stderr is not None
    serve.stderr.read()
