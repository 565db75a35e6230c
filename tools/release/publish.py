"""`make publish REGISTRY=... CHARTS=...`: push what `make release` made, images first, then the chart.

Nothing is built: the archives in dist/ are what users get, once their checksums were looked at. The values that name
the images by their digests go to standard output, everything else to standard error, as with `make images`.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import yaml

from tools.local_cluster.errors import ClusterError
from tools.release.engine import SLUGS, Engine, EngineError, find_engine, is_local, say
from tools.release.images import KEYS
from tools.release.release import DIST, PREFIX, ReleaseError, helm, run, version


def check(dist: Path) -> None:
    """ReleaseError unless everything that SHA256SUMS names is there as it was made."""
    sums = dist / "SHA256SUMS"
    if not sums.is_file():
        raise ReleaseError(f"there is no {sums}: run `make release` first")
    for line in sums.read_text().splitlines():
        digest, name = line.split()
        file = dist / name
        if not file.is_file():
            raise ReleaseError(f"{file} is missing: run `make release` again")
        with file.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != digest:
                raise ReleaseError(f"{file} is not what SHA256SUMS says: run `make release` again")


def images(engine: Engine, dist: Path, registry: str) -> dict[str, dict[str, str]]:
    """The images of the archives, pushed; how the chart's values name each."""
    values = {}
    for slug in SLUGS:
        image = f"{registry}/{slug}:{version()}"
        say(f"pushing {image}")
        engine.load(dist / f"{slug}-{version()}.tar", f"{PREFIX}/{slug}:{version()}", image)
        values[KEYS[slug]] = {"repository": f"{registry}/{slug}", "tag": version(), "digest": engine.push(image)}
    return values


def chart(dist: Path, charts: str) -> str:
    """The chart, pushed; the reference that `helm install` takes."""
    say(f"pushing the chart to oci://{charts}")
    plain = ["--plain-http"] if is_local(charts) else []
    said = run(helm(), "push", str(dist / f"model-bundles-{version()}.tgz"), f"oci://{charts}", *plain)
    say(" ".join(said.split()))  # the digest is in it
    return f"oci://{charts}/model-bundles"


def main() -> int:
    """The exit code: 0 when all of it is there, 1 when it is not, 2 for a wrong command."""
    if len(sys.argv) != 3 or any("://" in word for word in sys.argv[1:]):
        sys.stderr.write(
            "say where to push: make publish REGISTRY=registry.example.com/model-bundles"
            " CHARTS=registry.example.com/charts (log in first: docker login, or buildah login, and helm registry"
            " login)\n"
        )
        return 2
    registry, charts = (word.rstrip("/") for word in sys.argv[1:])
    try:
        check(DIST)
        values = images(find_engine(), DIST, registry)
        reference = chart(DIST, charts)
    except (EngineError, ReleaseError, ClusterError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say(
        f"helm install model-bundles {reference} --version {version()} -n modelbundle-system --create-namespace -f FILE"
    )
    sys.stdout.write(yaml.safe_dump({"operator": values}, sort_keys=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
