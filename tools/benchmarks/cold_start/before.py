"""Another checkout of the project, such as a `git worktree` of an earlier commit: its operator and its runtime.

Both operators run in one cluster, each for a namespace of its own. CRDs are of the whole cluster: they stay those of
this checkout, which know the fields of earlier ones.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local_cluster import bases, builder, layouts, store
from tools.local_cluster.place import here
from tools.testkit.install import helm
from tools.testkit.kubectl import Manifest, apply, kubectl

RELEASE, NAMESPACE = "before", "modelbundle-before"
_DOCKERFILES = ("deploy/images", "images")  # where they are now, and where they were


def commit(checkout: Path) -> dict[str, str]:
    """What the page says of it."""
    command = ["git", "log", "-1", "--format=%h%n%cs%n%s"]
    said = subprocess.run(command, cwd=checkout, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return dict(zip(("commit", "date", "subject"), said, strict=True))


@contextmanager
def installed(checkout: Path, namespace: str, index: str, drain_seconds: int) -> Iterator[None]:
    """Its operator serves the namespace; at the end it is taken away."""
    images = {slug: _load(slug, _layout(checkout, slug)) for slug in ("operator", "runtime")}
    values = {
        "watchNamespaces": [namespace],
        "image": images["operator"],
        "runtimeImage": images["runtime"],
        "settings": {"packageIndex": index, "drainSeconds": drain_seconds},
    }
    try:
        apply(*_finalizers(), namespace=namespace)
        helm(
            "upgrade", "--install", RELEASE, str(checkout), "-n", NAMESPACE, "--create-namespace", "--skip-crds",
            "-f", "-", "--wait", "--timeout", "120s",
            stdin=json.dumps({"operator": values}),
        )  # fmt: skip
        yield
    finally:
        helm("uninstall", RELEASE, "-n", NAMESPACE, "--ignore-not-found")
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def _finalizers() -> list[Manifest]:
    """What an API server with OwnerReferencesPermissionEnforcement asks for and early versions lacked: the right to
    name a bundle as the owner of its children."""
    metadata = {"name": "before-finalizers"}
    resources = ["modelbundles/finalizers", "modelendpoints/finalizers"]
    rule = {"apiGroups": ["modelbundle.dev"], "resources": resources, "verbs": ["update"]}
    role = {"kind": "Role", "metadata": metadata, "rules": [rule]}
    binding = {
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": metadata["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": "modelbundle-operator", "namespace": NAMESPACE}],
    }
    return [{"apiVersion": "rbac.authorization.k8s.io/v1", **each} for each in (role, binding)]


def _load(slug: str, layout: Path) -> dict[str, str]:
    repository, tag = f"docker.io/model-bundles/{slug}", "before"
    layouts.load(here(), layout, f"{repository}:{tag}")
    return {"repository": repository, "tag": tag}


def _layout(checkout: Path, slug: str) -> Path:
    """Its image in the machine's cache: by its own Dockerfile, on the base of this checkout's images."""
    name = f"{slug}-{commit(checkout)['commit']}"
    path = store.root() / "bench" / "images" / name
    if path.is_dir():
        return path
    dockerfile = next(filter(Path.is_file, (checkout / each / slug / "Dockerfile" for each in _DOCKERFILES)))
    local = f"localhost/model-bundles/before-{name}:built"
    with store.locked(builder.lock(), "it builds images"), store.making(path) as scratch:
        builder.build(dockerfile, checkout, local, {"PYTHON_IMAGE": bases.build("debian-python")})
        layouts.seed(scratch / "new", (store.root() / "images").glob("*-*/"))
        builder.save(local, f"oci:{scratch / 'new'}:{name}")
        layouts.trim(scratch / "new")
        builder.remove(local)
        builder.clear()
    return path
