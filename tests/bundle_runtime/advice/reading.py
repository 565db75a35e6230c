"""Loads a bundle as the worker does, in a Python of this machine, and returns what is said of its failure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.testkit.worker_runtime import put_runtime

CAPTURED = Path(__file__).parent / "captured"
_READ = """
import json, sys
from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.worker.load.environment import prepare_imports
from bundle_runtime.worker.load.load import load

layout, document = Layout.from_environment(), json.loads(sys.argv[1])
prepare_imports(layout, document)
try:
    load(layout, document, {})
except RuntimeFailure as failure:
    from bundle_runtime.advice.table import fitting
    from bundle_runtime.worker.explain import symptoms, world

    phase = "unpickle" if failure.reason == "UnpickleFailed" else "import" if "importing" in failure.message else "load"
    error = failure.__cause__ or failure
    fit = [[(row.rank, row.code) for row in fitting(one, world())] for one in symptoms(error, phase)]
    best = min((rank for rows in fit for rank, _ in rows), default=None)
    first = next(([code for rank, code in rows if rank == best] for rows in fit if best in dict(rows)), [])
    print("\\n" + json.dumps({"reason": failure.reason, "message": failure.message, "speaking": first}))
"""


@dataclass(frozen=True)
class Said:
    """The reason and message of the report, the rows of the lowest rank that fit, and the log."""

    reason: str
    message: str
    speaking: list[str]
    log: str


@dataclass(frozen=True)
class Failure:
    """A real failure of the row `code`: a pickle of these bytes, or that a script writes, or the code of a zip.

    `python` makes the interpreter that reads; a script is run by `writer`, and writes the file that it is given.
    """

    code: str
    says: tuple[str, ...] = ()
    pickle: bytes | None = None
    script: str = ""
    zip: str = ""
    python: Callable[[], Path | str] = lambda: sys.executable
    writer: Callable[[], Path | str] = lambda: sys.executable
    environment: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    in_log: bool = False  # it is a warning, and the bundle loads


def written(failure: Failure, root: Path) -> bytes:
    """The pickle that its script writes."""
    put_runtime(root / "bundle/runtime")
    artifact = root / "bundle/artifact"
    artifact.mkdir()
    _run([str(failure.writer()), "-c", failure.script, str(artifact / "bundle.pkl")], root, {})
    return (artifact / "bundle.pkl").read_bytes()


def read(failure: Failure, root: Path) -> Said:
    """What the worker says of it."""
    python = str(failure.python())
    put_runtime(root / "bundle/runtime")
    artifact = root / "bundle/artifact"
    artifact.mkdir()
    if failure.zip:
        (artifact / "predict.py").write_text(failure.zip)
    elif failure.script:
        _run([str(failure.writer()), "-c", failure.script, str(artifact / "bundle.pkl")], root, {})
    else:
        (artifact / "bundle.pkl").write_bytes(failure.pickle or b"")
    document = {
        "artifact": {"packaging": "zip" if failure.zip else "cloudpickle"},
        "envParams": {"frameworkType": "custom_base_image"},
        "loadPredictFn": "predict.load",
    }
    (root / "config").mkdir()
    (root / "config/bundle.json").write_text(json.dumps(document))
    environment = {"MODELBUNDLE_ROOT": str(root), "HOME": "/tmp/home", **failure.environment}
    done = _run([python, "-c", _READ, json.dumps(document)], root, environment)
    last = done.stdout.strip().splitlines()[-1:] or [""]
    report = json.loads(last[0]) if last[0].startswith('{"reason"') else {}
    return Said(report.get("reason", ""), report.get("message", ""), report.get("speaking", []), done.stderr)


def keep(failure: Failure, said: Said, root: Path) -> None:
    """For the page of the docs, without the places of this machine: `CAPTURE=1` with the tests."""
    text = said.message
    if failure.in_log:
        text = "\n".join(line for line in said.log.splitlines() if "#" + failure.code in line or "Warning:" in line)
    text = text.replace(f"{root}/app", "/app").replace(str(root), "/modelbundle")
    text = re.sub(r"/\S*?/(?=lib/python3|bin/python)", "/usr/local/", text)
    text = re.sub(r"\x1b\[\d*m", "", text)  # colours
    text = re.sub(r"(?<=its node's )[\d.]+ GiB", "16.0 GiB", text)
    lines = [line if len(line) <= 600 else line[:400] + " [...] " + line[-150:] for line in text.splitlines()]
    CAPTURED.mkdir(exist_ok=True)
    reason = "" if failure.in_log else f"{said.reason}: "
    (CAPTURED / f"{failure.code}.txt").write_text(reason + "\n".join(line.rstrip() for line in lines) + "\n")


def _run(command: list[str], root: Path, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    runtime = root / "bundle/runtime"
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    if not more:  # a writer, which may want our cloudpickle
        kept["PYTHONPATH"] = str(runtime / "vendor")
    done = subprocess.run(
        command, cwd=runtime, env={**kept, **more}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done
