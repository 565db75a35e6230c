"""wrk and nginx: from the path, else the distribution's packages, unpacked below ~/.cache and not installed."""

from __future__ import annotations

import shutil
import subprocess

from tools.benchmarks.harness.peers import CACHE, PeerError

HOME = CACHE / "debian"
PACKAGES = ("wrk", "libluajit-5.1-2", "nginx")


def wrk() -> list[str]:
    return _command("wrk", "usr/bin/wrk")


def nginx() -> list[str]:
    return _command("nginx", "usr/sbin/nginx")


def version(command: list[str], flag: str) -> str:
    said = subprocess.run([*command, flag], capture_output=True, text=True, check=False)
    return (said.stdout + said.stderr).splitlines()[0]


def _command(name: str, inside: str) -> list[str]:
    """`env` gives the unpacked program its libraries."""
    found = shutil.which(name)
    if found:
        return [found]
    if not (HOME / "complete").exists():
        _unpack()
    libraries = ":".join(str(path) for path in (HOME / "root/usr/lib").glob("*-linux-gnu"))
    return ["env", f"LD_LIBRARY_PATH={libraries}", str(HOME / "root" / inside)]


def _unpack() -> None:
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    got = subprocess.run(["apt-get", "download", *PACKAGES], cwd=HOME, capture_output=True, text=True, check=False)
    if got.returncode:
        raise PeerError(f"no wrk and nginx on the path, and apt-get download failed: {got.stderr}")
    for package in HOME.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(HOME / "root")], check=True)
    (HOME / "complete").touch()
