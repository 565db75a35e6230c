"""Forty bundles that can never start, each with what is wrong with its artifact, its image, its Python or its
requirements, and the reason that says so. None of it takes a GPU to be found."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.cluster.bundles import MODEL, PREDICT, PYTHON_312, PYTORCH, cpu_bundle, manifest, zipped
from tools.testkit.kubectl import Manifest
from tools.testkit.store import Store

GPU: Manifest = {"gpu": {"count": 1}}
GOOD = zipped(predict=PREDICT, model=MODEL)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
Make = Callable[[Store, str], Manifest]


@dataclass(frozen=True)
class Row:
    name: str
    reason: str
    make: Make


def _zip(name: str, reason: str, data: bytes) -> Row:
    """A zip of these bytes."""
    return Row(name, reason, lambda store, namespace: _stored(store, namespace, name, data))


def _stored(store: Store, namespace: str, name: str, data: bytes) -> Manifest:
    key = f"tests/{namespace}/{name}.zip"
    return _named(name, {"uri": store.uri(key), "sha256": store.put(key, data)})


def _named(name: str, artifact: dict[str, str], **serving: Any) -> Manifest:
    packed = {**artifact, "packaging": "zip"}
    return manifest(name, packed, {**GPU, **serving}, loadPredictFn="predict.load", loadModelFn="model.load")


def _at(name: str, reason: str, uri: Callable[[Store, str], str], **serving: Any) -> Row:
    """Nothing that this bundle can read is there."""
    sha256 = hashlib.sha256(GOOD).hexdigest()
    make: Make = lambda store, namespace: _named(name, {"uri": uri(store, namespace), "sha256": sha256}, **serving)  # noqa: E731
    return Row(name, reason, make)


def _wrong_sha256(store: Store, namespace: str) -> Manifest:
    made = _stored(store, namespace, "wrong-sha256", GOOD)
    made["spec"]["bundle"]["artifact"]["sha256"] = "0" * 64
    return made


def _outside() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/predict.py", PREDICT)
    return buffer.getvalue()


def _below(folder: str) -> bytes:
    """The folder itself was zipped, and not what is in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{folder}/predict.py", PREDICT)
        archive.writestr(f"{folder}/model.py", MODEL)
    return buffer.getvalue()


def _lzma() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("predict.py", PREDICT)
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("predict.py")
        entry.size = len(PREDICT)
        archive.addfile(entry, io.BytesIO(PREDICT.encode()))
    return buffer.getvalue()


def _image(name: str, reason: str, **image: str) -> Row:
    env_params = {"frameworkType": "custom_base_image", "customBaseImage": image}
    return Row(name, reason, lambda store, _: cpu_bundle(store, name, serving=GPU, envParams=env_params))


def _pickled_by(version: str, image: Manifest) -> Row:
    """By a Python that is not the image's; what is in the file is never read."""
    name = f"pickled-by-{version.replace('.', '-')}" + ("" if image is PYTHON_312 else "-for-3-8")

    def make(store: Store, namespace: str) -> Manifest:
        key = f"tests/{namespace}/{name}.pkl"
        artifact = {"uri": store.uri(key), "sha256": store.put(key, b"never read"), "packaging": "cloudpickle"}
        return manifest(name, {**artifact, "pythonVersion": version}, GPU, envParams=image)

    return Row(name, "PythonMismatch", make)


def _pickle(name: str, data: bytes) -> Row:
    """What no Python can read."""

    def make(store: Store, namespace: str) -> Manifest:
        key = f"tests/{namespace}/{name}.pkl"
        artifact = {"uri": store.uri(key), "sha256": store.put(key, data), "packaging": "cloudpickle"}
        return manifest(name, {**artifact, "pythonVersion": "3.12"}, GPU)

    return Row(name, "UnpickleFailed", make)


def _requires(name: str, reason: str, *requirements: str) -> Row:
    return Row(name, reason, lambda store, _: cpu_bundle(store, name, serving=GPU, requirements=list(requirements)))


ROWS = (
    Row("wrong-sha256", "ArtifactDigestMismatch", _wrong_sha256),
    _at("no-object", "ArtifactNotFound", lambda store, namespace: store.uri(f"tests/{namespace}/none.zip")),
    _at("no-bucket", "ArtifactNotFound", lambda *_: "s3://there-is-no-such-bucket/model.zip"),
    _at("no-host", "StoreUnreachable", lambda *_: "https://nowhere.invalid/model.zip"),
    _at("no-server", "StoreUnreachable", lambda *_: "https://127.0.0.1:9/model.zip"),
    _at("no-secret", "SecretNotFound", lambda store, namespace: store.uri(f"tests/{namespace}/none.zip"),
        artifactSecretName="there-is-none"),
    _zip("empty", "ArtifactUnsafe", b""),
    _zip("cut-short", "ArtifactUnsafe", GOOD[: len(GOOD) // 2]),
    _zip("lfs-pointer", "ArtifactUnsafe", LFS),
    _zip("gzipped", "ArtifactUnsafe", gzip.compress(GOOD)),
    _zip("tar", "ArtifactUnsafe", _tar()),
    _zip("outside", "ArtifactUnsafe", _outside()),
    _zip("lzma", "ArtifactUnsafe", _lzma()),
    _image("no-repository", "ImagePullFailed", repository="docker.io/stand-in/none", tag="1"),
    _image("no-tag", "ImagePullFailed", repository="docker.io/stand-in/python", tag="none"),
    _image("no-newer-tag", "ImagePullFailed", repository="docker.io/stand-in/python", tag="4.0"),
    _image("no-registry", "ImagePullFailed", repository="registry.invalid/python", tag="3.12"),
    *(_pickled_by(version, PYTHON_312) for version in ("3.8", "3.11", "3.13")),
    *(_pickled_by(version, PYTORCH) for version in ("3.9", "3.12")),
    _pickle("half-a-pickle", pickle.dumps(list(range(1000)))[:500]),
    _pickle("zip-as-a-pickle", GOOD),
    _zip("folder-in-the-zip", "LoadFunctionNotFound", _below("mine")),
    _zip("no-such-function", "LoadFunctionNotFound", zipped(predict="def other(model): pass\n", model=MODEL)),
    _requires("no-project", "RequirementNotFound", "no-such-package-anywhere==1.0"),
    _requires("no-project-without-version", "RequirementNotFound", "no-such-package-anywhere"),
    _requires("no-project-among-others", "RequirementNotFound", "humanize", "no-such-package-anywhere"),
    _requires("no-version", "RequirementNotFound", "humanize==99.0"),
    _requires("no-newer-version", "RequirementNotFound", "humanize>=99"),
    _requires("no-older-version", "RequirementNotFound", "humanize<0.1"),
    _requires("no-local-version", "RequirementNotFound", "humanize==4.10.0+cu121"),
    _requires("all-but-the-one-there-is", "RequirementNotFound", "humanize==4.10.0", "humanize!=4.10.0"),
    _requires("another-numpy", "RequirementsConflict", "numpy==1.0"),
    _requires("newer-numpy", "RequirementsConflict", "numpy>=3"),
    _requires("file-of-no-server", "IndexUnreachable", "thing @ http://127.0.0.1:9/thing-1.0-py3-none-any.whl"),
    _requires("no-requirement", "InvalidValue", "scikit learn"),
    _requires("file-of-another-machine", "InvalidValue", "thing @ file:///home/me/thing-1.0-py3-none-any.whl"),
    _requires("repository", "InvalidValue", "git+https://example.com/thing.git"),
)  # fmt: skip
