"""The table of bad inputs: what is wrong, what the condition must say, and what heals it.

Those whose cause lies outside the bundle have `heal`: it removes the cause and leaves the bundle alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.cluster.bundles import INTEGER, MODEL, PREDICT, REQUEST, cpu_bundle, manifest, zipped
from tools.testkit.kubectl import Manifest, apply, kubectl
from tools.testkit.place import Place
from tools.testkit.store import Store

FPGA = "modelbundle.test/accelerator"  # a resource that no node has, until the test adds it


@dataclass(frozen=True)
class World:
    """What a row may touch."""

    namespace: str
    place: Place
    store: Store


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    reason: str
    says: tuple[str, ...]  # pieces of the message of Ready: what happened, and what to do next
    make: Callable[[World], Manifest]
    before: Callable[[World], None] = lambda _: None
    heal: Callable[[World], None] | None = None
    stalled: bool = False
    timeout: float = 300
    local_only: str = ""


def _bundle(name: str, **more: Any) -> Callable[[World], Manifest]:
    return lambda world: cpu_bundle(world.store, name, **more)


_LATE = zipped(predict=PREDICT, model=MODEL)


def _artifact(name: str, data: bytes, **more: Any) -> Callable[[World], Manifest]:
    """A cloudpickle bundle whose artifact is `data`."""

    def make(world: World) -> Manifest:
        key = f"tests/{world.namespace}/{name}.pkl"
        sha256 = world.store.put(key, data)
        artifact = {"uri": world.store.uri(key), "sha256": sha256, "packaging": "cloudpickle", **more}
        return manifest(name, artifact)

    return make


def _absent(world: World) -> Manifest:
    artifact = {
        "uri": world.store.uri(f"tests/{world.namespace}/late.zip"),
        "sha256": hashlib.sha256(_LATE).hexdigest(),
        "packaging": "zip",
    }
    return manifest("absent-artifact", artifact, loadPredictFn="predict.load", loadModelFn="model.load")


def _wrong_digest(world: World) -> Manifest:
    made = cpu_bundle(world.store, "wrong-digest")
    made["spec"]["bundle"]["artifact"]["sha256"] = "0" * 64
    return made


def _lzma(world: World) -> Manifest:
    """Broken, as well: what an unpacker of it would meet."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("predict.py", PREDICT)
    data = bytearray(buffer.getvalue())
    data[60] ^= 0xFF
    key = f"tests/{world.namespace}/lzma.zip"
    artifact = {"uri": world.store.uri(key), "sha256": world.store.put(key, bytes(data)), "packaging": "zip"}
    return manifest("lzma-zip", artifact, loadPredictFn="predict.load", loadModelFn="model.load")


def _clone(name: str, of: str, digest: str | None = None) -> Callable[[World], Manifest]:
    asked = {"name": of, **({"digest": digest} if digest else {})}

    def make(world: World) -> Manifest:
        made = cpu_bundle(world.store, name)
        return {**made, "spec": {**made["spec"], "bundle": {"cloneFrom": asked, "appConfig": {"mode": "batched"}}}}

    return make


def _base(name: str) -> Callable[[World], None]:
    def make(world: World) -> None:
        apply(cpu_bundle(world.store, name, serving={"replicas": 0}), namespace=world.namespace)

    return make


def _foreign_service(world: World) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "foreign-service"},
        "spec": {"selector": {"app": "foreign"}, "ports": [{"port": 80}]},
    }
    apply(service, namespace=world.namespace)


def _late_secret(world: World) -> None:
    apply({**world.place.secret(), "metadata": {"name": "late-secret"}}, namespace=world.namespace)


def _wrong_secret(world: World) -> None:
    secret = {**world.place.secret(), "metadata": {"name": "wrong-secret"}}
    secret["stringData"]["AWS_SECRET_ACCESS_KEY"] = "not-the-key"
    apply(secret, namespace=world.namespace)


def _right_secret(world: World) -> None:
    apply({**world.place.secret(), "metadata": {"name": "wrong-secret"}}, namespace=world.namespace)


def _add_fpga(_: World) -> None:
    _fpga("1")


def _no_fpga(_: World) -> None:
    """An earlier run has added it."""
    if not os.environ.get("CLUSTER"):
        _fpga(None)


def _fpga(count: str | None) -> None:
    """The documented way to advertise an extended resource; None takes it away."""
    node = kubectl("get", "nodes", "-o", "name").split()[0]
    amount = {FPGA: count}
    status = {"capacity": amount} if count else {"capacity": amount, "allocatable": amount}
    kubectl("patch", node, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))


_RAISES = "def load(): raise ValueError('no weights in /opt/weights')\n"
_EATS = "def load(): return bytearray(2**30)\n"
_SLEEPS = "import time\n\n\ndef load(): time.sleep(600)\n"

ROWS = [
    Row(
        "absent-artifact", "The artifact is not where the bundle says", "ArtifactNotFound",
        ("late.zip",), _absent,
        heal=lambda world: (world.store.put(f"tests/{world.namespace}/late.zip", _LATE), None)[1],
    ),
    Row(
        "absent-secret", "The Secret with the store's credentials does not exist", "SecretNotFound",
        ("late-secret",), _bundle("absent-secret", serving={"artifactSecretName": "late-secret"}),
        heal=_late_secret,
    ),
    Row(
        "wrong-secret", "The store refuses the credentials", "StoreAccessDenied",
        ("wrong-secret",), _bundle("wrong-secret", serving={"artifactSecretName": "wrong-secret"}),
        before=_wrong_secret, heal=_right_secret,
    ),
    Row(
        "foreign-service", "A Service of the bundle's name belongs to something else", "NameConflict",
        ("Service", "foreign-service"), _bundle("foreign-service"), before=_foreign_service,
        heal=lambda world: (kubectl("delete", "service", "foreign-service", namespace=world.namespace), None)[1],
    ),
    Row(
        "no-capacity", "No node has the GPU that is asked for", "WaitingForCapacity",
        (FPGA,), _bundle("no-capacity", serving={"gpu": {"count": 1, "resourceName": FPGA}}),
        before=_no_fpga, heal=_add_fpga, local_only="patches the node's capacity",
    ),
    Row("wrong-digest", "The artifact is not the one that the bundle names", "ArtifactDigestMismatch",
        ("0" * 64, "sha256"), _wrong_digest, stalled=True),
    Row("broken-pickle", "The artifact is not a pickle", "UnpickleFailed",
        ("pickle",), _artifact("broken-pickle", b"this is not a pickle", pythonVersion="3.12")),
    Row("other-python", "Another Python wrote the pickle", "PythonMismatch",
        ("3.9", "3.12"), _artifact("other-python", b"never read", pythonVersion="3.9")),
    Row("unknown-requirement", "A requirement does not exist", "RequirementNotFound",
        ("no-such-package-anywhere",),
        _bundle("unknown-requirement", requirements=["no-such-package-anywhere==1.0"])),
    Row("load-raises", "The load function raises", "LoadFailed",
        ("ValueError", "no weights in /opt/weights"), _bundle("load-raises", model=_RAISES)),
    Row("no-function", "The load function is not in the artifact", "LoadFunctionNotFound",
        ("load",), _bundle("no-function", predict="def other(model): return None\n")),
    Row("out-of-memory", "The model needs more memory than it gets", "OutOfMemory",
        ("serving.resources.memory",),
        _bundle("out-of-memory", model=_EATS, serving={"resources": {"cpu": "20m", "memory": "192Mi"}})),
    Row("slow-start", "Loading takes longer than allowed", "StartupTimeout",
        ("startupTimeoutSeconds",), _bundle("slow-start", model=_SLEEPS, serving={"startupTimeoutSeconds": 10})),
    Row("no-schema", "The request schema is not a JSON Schema", "InvalidSchema",
        ("requestSchema",),
        _bundle("no-schema", requestSchema={"type": "intger"}, responseSchema=INTEGER), stalled=True),
    Row("no-pattern", "A pattern of a schema is not a regular expression", "InvalidSchema",
        ("requestSchema", "(("),
        _bundle("no-pattern", requestSchema={"pattern": "(("}, responseSchema=INTEGER), stalled=True),
    Row("lzma-zip", "The zip is compressed in a way that is not taken", "ArtifactUnsafe",
        ("compressed by lzma", "deflate"), _lzma, stalled=True),
    Row("one-schema", "Only one of the two schemas is there", "InvalidSchema",
        ("responseSchema",), _bundle("one-schema", requestSchema=REQUEST), stalled=True),
    Row("large-integer", "A number that JSON readers disagree about", "InvalidValue",
        ("appConfigJSON",), _bundle("large-integer", appConfig={"seed": 2**60}), stalled=True),
    Row("no-requirement", "An entry of requirements is not a requirement", "InvalidValue",
        ("spec.bundle.requirements[1]", "'scikit learn'"),
        _bundle("no-requirement", requirements=["numpy", "scikit learn"]), stalled=True),
    Row("no-image", "The image does not exist", "ImagePullFailed",
        ("stand-in/none",),
        _bundle("no-image", envParams={
            "frameworkType": "custom_base_image",
            "customBaseImage": {"repository": "docker.io/stand-in/none", "tag": "1"},
        })),
    Row("no-base", "A clone's base does not exist", "BaseNotFound",
        ("late-base", "Create it"), _clone("no-base", "late-base"), heal=_base("late-base")),
    Row("base-changed", "A clone's base is not the one that it names", "BaseChanged",
        ("other-base", "cloneFrom.digest asks for"),
        _clone("base-changed", "other-base", "sha256:" + "0" * 64), before=_base("other-base"), stalled=True),
    Row("clone-cycle", "A clone is derived from itself", "CloneCycle",
        ("clone-cycle -> clone-cycle",), _clone("clone-cycle", "clone-cycle"), stalled=True),
]  # fmt: skip
