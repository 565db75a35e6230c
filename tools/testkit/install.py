"""Installs CRD and operator by Helm, from the clone, with what stands beside this cluster."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import Any

from tools.testkit.kubectl import SHORT_LIVED, KubectlError, kubectl, wait_established
from tools.testkit.place import ROOT, Place
from tools.testkit.store import BUCKET, Store

RELEASE = "model-bundles"
NAMESPACE = "modelbundle-system"
OPERATOR = "app.kubernetes.io/name=modelbundle-operator"


def install(place: Place, **more_settings: str | int) -> None:
    """Helm's own install or upgrade; returns when the operator is ready."""
    install_with(place, values(place, more_settings))


def install_with(place: Place, given: dict[str, Any]) -> None:
    """Likewise, with these values of the chart."""
    Store(place).make_bucket()
    # Helm installs crds/ once and never changes them, so a newer CRD of this clone is applied first
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    wait_established(*(f"{plural}.modelbundle.dev" for plural in ("modelbundles", "modelendpoints")))
    helm(
        "upgrade", "--install", RELEASE, str(ROOT), "-n", NAMESPACE, "--create-namespace", "-f", "-",
        "--wait", "--timeout", "240s",
        stdin=json.dumps(given),
    )  # fmt: skip
    kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted", "--overwrite")


def values(place: Place, more_settings: dict[str, str | int]) -> dict[str, Any]:
    operator = os.environ.get("MODELBUNDLE_LOCAL_OPERATOR_IMAGE", "")
    runtime = os.environ.get("MODELBUNDLE_LOCAL_RUNTIME_IMAGE", "")
    return {
        "operator": {
            "settings": {"packageIndex": place.index_in_cluster, **more_settings},
            "client": {"artifactUri": f"s3://{BUCKET}/bundles", "s3EndpointUrl": place.s3_endpoint},
            "podAnnotations": {"modelbundle.dev/source": _source()},
            **({"image": _image(operator)} if operator else {}),
            **({"runtimeImage": _image(runtime)} if runtime else {}),
        }
    }


def helm(*arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["helm", *arguments],
        input=stdin or None,
        env={**SHORT_LIVED, **os.environ},
        capture_output=True,
        text=True,
        timeout=360,
        check=False,
    )
    if done.returncode:
        try:
            state = kubectl("describe", "pods", namespace=NAMESPACE)
            state += kubectl("logs", "-l", OPERATOR, "--prefix", "--tail=30", namespace=NAMESPACE)
        except KubectlError as error:
            state = str(error)
        raise KubectlError(f"helm {arguments[0]}: {done.stderr.strip()}\n{state}")
    return done.stdout


def runtime_image() -> str:
    return os.environ.get("MODELBUNDLE_LOCAL_RUNTIME_IMAGE") or "docker.io/model-bundles/runtime:0.2.0"


def _source() -> str:
    """Changes when the operator's source does: the local cluster loads each build under the same tag."""
    files = sorted(path for path in (ROOT / "operator").rglob("*.py") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _image(reference: str) -> dict[str, str]:
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}
