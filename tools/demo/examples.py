"""Packs the examples and puts their artifacts into the store, as a user would: examples.pack, then an upload."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from tools.local_cluster import interpreters
from tools.local_cluster.errors import ClusterError
from tools.testkit.kubectl import Manifest
from tools.testkit.place import ROOT
from tools.testkit.store import Store

PICKLED_BY = "3.8"  # the quickstart's pythonVersion: its image has that Python, and this machine may not


def pack(out: Path, artifact_base: str = "", only: str = "") -> None:
    """`python -m examples.pack`; a Python that the machine lacks comes from the local cluster's cache."""
    command = [sys.executable, "-m", "examples.pack", str(out), "--python", _python()]
    command += ["--artifact-base", artifact_base] if artifact_base else []
    command += ["--only", only] if only else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"examples.pack: {done.stderr.strip()}")


def _python() -> str:
    try:
        return str(interpreters.find(PICKLED_BY) / "bin" / f"python{PICKLED_BY}")
    except (ClusterError, OSError) as error:
        raise RuntimeError(
            f"the quickstart's pickle needs a Python {PICKLED_BY} to write and load it: {error}"
        ) from error


def packed(out: Path, store: Store, prefix: str = "examples") -> dict[str, Manifest]:
    """The examples' manifests by name, their artifacts uploaded."""
    pack(out, store.uri(prefix))
    manifests = {}
    for file in sorted(out.glob("*/bundle.yaml")):
        manifest: Manifest = yaml.safe_load(file.read_text())
        (artifact,) = [path for path in file.parent.iterdir() if path.suffix in (".pkl", ".zip")]
        store.put(f"{prefix}/{file.parent.name}/{artifact.name}", artifact.read_bytes())
        manifests[manifest["metadata"]["name"]] = manifest
    return manifests
