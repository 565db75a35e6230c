"""`make release`: wheel, chart, images, SBOMs and checksums in dist/, whole or not at all.

Wheel and chart are reproducible: their times are those of the last commit, or of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from urllib.parse import quote

from tools.local_cluster import golang
from tools.local_cluster.errors import ClusterError
from tools.release.engine import ROOT, Engine, EngineError, build_all, find_engine, say

DIST = ROOT / "dist"
PREFIX = "docker.io/model-bundles"


class ReleaseError(Exception):
    """A part could not be made; the text is what its tool said."""


def version() -> str:
    """The version of this checkout."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def release(out: Path, engine: Engine) -> None:
    """Make every part in `out`, an empty directory."""
    wheel(out)
    chart(out)
    for slug, image in images(out, engine).items():
        say(f"writing the SBOM of {slug}")
        packages = engine.output(image, ["python", "-m", "pip", "list", "--format", "freeze"])
        system = engine.output(image, ["dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\\n"])
        sbom(packages, out / f"{slug}-{version()}.cdx.json", system)
    checksums(out)


def wheel(out: Path) -> None:
    say("building the wheel")
    run(str(_beside("uv")), "build", "--quiet", "--wheel", "--out-dir", str(out), str(ROOT))


def chart(out: Path) -> None:
    say("packaging the chart")
    run(helm(), "package", str(ROOT), "-d", str(out))
    for package in out.glob("*.tgz"):
        _same_times(package)


def helm() -> str:
    """The program: the local cluster's, else the one on PATH."""
    built = golang.bin_directory() / "helm"
    found = str(built) if built.exists() else shutil.which("helm")
    if found is None:
        raise ReleaseError("needs helm 4: `python -m tools.local_cluster build` makes it, or put it on PATH")
    return found


def _same_times(package: Path) -> None:
    """One time for every file of a chart's package: only Helm 4.3 and later would set it."""
    at = int(os.environ.get("SOURCE_DATE_EPOCH") or _commit_time())
    made = io.BytesIO()
    with (
        tarfile.open(package) as before,
        gzip.GzipFile(filename="", fileobj=made, mode="wb", mtime=at) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as after,
    ):
        for member in before:
            member.mtime, member.pax_headers = at, {}
            after.addfile(member, before.extractfile(member))
    package.write_bytes(made.getvalue())


def images(out: Path, engine: Engine) -> dict[str, str]:
    """Both images, built and written as archives; the reference of each by its slug."""
    built = build_all(engine, PREFIX, version())
    for slug, image in built.items():
        say(f"writing {slug}-{version()}.tar")
        engine.save(image, out / f"{slug}-{version()}.tar")
    return built


def sbom(packages: str, out: Path, system: str = "") -> None:
    """CycloneDX of the packages, one NAME==VERSION a line, that pip finds in an image, and of those of its Debian, one
    NAME VERSION ARCHITECTURE a line."""
    run(
        str(_beside("cyclonedx-py")), "requirements", "-", "--pyproject", str(ROOT / "pyproject.toml"),
        "--output-reproducible", "--of", "JSON", "-o", str(out), stdin=packages,
    )  # fmt: skip
    document = json.loads(out.read_text())
    document.setdefault("components", []).extend(debian_components(system))
    out.write_text(json.dumps(document, indent=2) + "\n")


def debian_components(system: str) -> list[dict[str, str]]:
    """Each Debian package as CycloneDX has it, in their order by name."""
    found = []
    for line in sorted(filter(None, system.splitlines())):
        name, number, architecture = line.split()
        purl = f"pkg:deb/debian/{quote(name)}@{quote(number)}?arch={architecture}"
        found.append({"type": "library", "bom-ref": purl, "name": name, "version": number, "purl": purl})
    return found


def checksums(out: Path) -> None:
    """SHA256SUMS, as `sha256sum -c` reads it."""
    (out / ".gitignore").unlink(missing_ok=True)  # uv leaves one
    lines = []
    for path in sorted(out.iterdir()):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    (out / "SHA256SUMS").write_text("".join(lines))


def main() -> int:
    """The exit code: 0 when dist/ holds a whole release, 1 when it is as it was before."""
    scratch = ROOT / "build" / "release"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        release(scratch, find_engine())
    except (ReleaseError, EngineError, ClusterError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    scratch.rename(DIST)
    for line in (DIST / "SHA256SUMS").read_text().splitlines():
        name = line.split()[1]
        sys.stdout.write(f"dist/{name}  {(DIST / name).stat().st_size / 1024:.0f} KiB\n")
    return 0


def _beside(program: str) -> Path:
    """A program of the environment that this Python is of."""
    return Path(sys.executable).parent / program


def run(*command: str, stdin: str = "") -> str:
    """What a program says, run in the checkout with the last commit's time; ReleaseError where it fails."""
    environment = {"SOURCE_DATE_EPOCH": _commit_time(), **os.environ}
    done = subprocess.run(command, input=stdin, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"{Path(command[0]).name} {command[1]}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return (done.stdout + done.stderr).strip()


def _commit_time() -> str:
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "315532800"  # no clone: the zip format's first second


if __name__ == "__main__":
    sys.exit(main())
