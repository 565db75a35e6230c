"""`make images REGISTRY=...`: build the product's images, push them, and print the Helm values that name them there.

The values go to standard output and everything else to standard error, so `make -s images REGISTRY=... > images.yaml`
is a file for `helm install -f`.
"""

from __future__ import annotations

import sys

import yaml

from tools.local_cluster.errors import ClusterError
from tools.release.engine import EngineError, build_all, find_engine, say
from tools.release.release import version

KEYS = {"operator": "image", "runtime": "runtimeImage"}


def main() -> int:
    """The exit code: 0 when both images are in the registry, 1 when they are not, 2 for a wrong command."""
    if len(sys.argv) != 2 or "://" in sys.argv[1]:
        sys.stderr.write(
            "say where to push: make images REGISTRY=registry.example.com/model-bundles"
            " (log in first: docker login, or buildah login)\n"
        )
        return 2
    prefix = sys.argv[1].rstrip("/")
    try:
        engine = find_engine()
        values = {}
        for slug, image in build_all(engine, prefix, version()).items():
            say(f"pushing {image}")
            values[KEYS[slug]] = {"repository": f"{prefix}/{slug}", "tag": version(), "digest": engine.push(image)}
    except (EngineError, ClusterError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say("values for helm install model-bundles . -n modelbundle-system --create-namespace -f FILE")
    sys.stdout.write(yaml.safe_dump({"operator": values}, sort_keys=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
