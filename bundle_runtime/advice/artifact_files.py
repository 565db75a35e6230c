"""The artifact is not the pickle that the bundle says it is: its first bytes tell what it is."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import ARTIFACT, KIND, LOAD, UNPICKLE, Asks, Row, Symptom, Values, World

_FILE = "The artifact (spec.bundle.artifact.uri)"
_PICKLE_AGAIN = "Pickle the object itself with the client (create_model_bundle)."
_COMPARE = (
    "Compare `sha256sum FILE` of the file that you made with spec.bundle.artifact.sha256. If they differ, it was "
    "changed on its way, so upload it again. If they match, that file is what was read, and `python -m pickletools "
    "FILE` says where it breaks; pickle the object again, by the client (create_model_bundle)."
)
_FOLDER = "pack it in a folder with a load function (create_model_bundle_from_dirs, `modelbundle create NAME DIR`)"
_UNPACK = "Unpack it, and take the pickle inside as the artifact (`modelbundle pin` takes its sha256)."

_COMPRESSED = {b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"(\xb5/\xfd": "zstd", b'\x04"M\x18': "lz4"}
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_WEIGHTS = {
    b"\x89HDF": "an HDF5 file, as Keras and PyTables write",
    b"\x93NUMPY": "a .npy file of NumPy",
    b"GGUF": "a GGUF file, as llama.cpp reads",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
}


def _begins(*beginnings: bytes) -> Asks:
    def asks(symptom: Symptom, world: World) -> Optional[Values]:
        return {} if world.head().startswith(beginnings) else None

    return asks


def _looks(pattern: bytes) -> Asks:
    def asks(symptom: Symptom, world: World) -> Optional[Values]:
        return {} if re.match(pattern, world.head(), re.IGNORECASE | re.DOTALL) else None

    return asks


def _tar(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if world.head()[257:262] == b"ustar" else None


def _compressed(symptom: Symptom, world: World) -> Optional[Values]:
    head = world.head()
    found = next((kind for beginning, kind in _COMPRESSED.items() if head.startswith(beginning)), "")
    kind = found or ("zlib" if head.startswith(_ZLIB) else "")
    return {"kind": kind} if kind else None


def _weights(symptom: Symptom, world: World) -> Optional[Values]:
    head = world.head()
    kind = next((kind for beginning, kind in _WEIGHTS.items() if head.startswith(beginning)), "")
    if not kind and head[8:10] == b'{"' and head[3:8] == bytes(5):
        kind = "a safetensors file"
    return {"kind": kind} if kind else None


def _joblib(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if b"joblib.numpy_pickle" in world.head() else None


def _empty(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if world.size == 0 else None


def _cut_off(symptom: Symptom, world: World) -> Optional[Values]:
    is_pickle = world.head()[:1] == b"\x80" and b"joblib.numpy_pickle" not in world.head()
    return {"size": str(world.size)} if world.size > 0 and is_pickle else None


def _first_bytes(symptom: Symptom, world: World) -> Optional[Values]:
    return {"head": repr(world.head()[:16])} if world.head() else None


_ROWS: Tuple[Row, ...] = (
    Row(
        "gzip-file", (UNPICKLE,), _FILE + " is a gzip file, not a pickle.", _UNPACK,
        asks=_begins(b"\x1f\x8b"),
    ),
    Row(
        "compressed-file", (UNPICKLE,), _FILE + " is compressed ({kind}), not a pickle.", _UNPACK,
        asks=_compressed,
    ),
    Row(
        "tar-file", (UNPICKLE,), _FILE + " is a tar file, not a pickle.", _UNPACK, asks=_tar,
    ),
    Row(
        "zip-file", (UNPICKLE,),
        _FILE + " is a zip file, and artifact.packaging says that it is a pickle. torch.save, .npz and .keras "
        "write zip files too.",
        "A zip of modules is unpacked and imported with packaging: zip. A file of weights is data: " + _FOLDER + ".",
        asks=_begins(b"PK\x03\x04", b"PK\x05\x06"),
    ),
    Row(
        "git-lfs-pointer", (UNPICKLE,),
        "It is a pointer of Git LFS, a text of three lines, not the file that it stands for.",
        "Fetch the file itself (`git lfs pull`), and take it as the artifact.",
        asks=_begins(b"version https://git-lfs"),
    ),
    Row(
        "empty-file", (UNPICKLE,), _FILE + " has 0 bytes.",
        "Look at what wrote it: a file that was not closed, or a disk that was full. " + _PICKLE_AGAIN,
        asks=_empty,
    ),
    Row(
        "html-page", (UNPICKLE,),
        _FILE + " is an HTML page, such as a login or an error page that was saved in the file's place.",
        "Download the file itself with its credentials, and take it as the artifact.",
        asks=_looks(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|head|\?xml)"),
    ),
    Row(
        "json-file", (UNPICKLE,), _FILE + " is a JSON text, not a pickle.",
        "An error message of a store is one, when it was saved in the file's place: look at the file. A model in JSON "
        "is data: " + _FOLDER + ".",
        asks=_looks(rb"(\xef\xbb\xbf)?\s*(\{\s*[\"}]|\[\s*[\[{\"\d\-\]])"),
    ),
    Row(
        "python-source", (UNPICKLE,), _FILE + " is Python source, not a pickle.",
        "Make a bundle of its functions (`modelbundle create NAME FILE.py`) or of its folder (`modelbundle create "
        "NAME DIR`).",
        asks=_looks(rb"(\xef\xbb\xbf)?(#[^\n]*\n|\s)*(import |from \w[\w.]* import |def |class |\"\"\")"),
    ),
    Row(
        "joblib-file", (UNPICKLE,),
        "joblib wrote the artifact (spec.bundle.artifact.uri): its arrays lie between the pickle's parts, and only "
        "joblib.load reads them.",
        "Read it with joblib.load in load_model_fn: " + _FOLDER + ". Or pickle the object with the client.",
        asks=_joblib,
    ),
    Row(
        "weights-file", (UNPICKLE,), _FILE + " is {kind}, not a pickle.",
        "It is data that a load function reads: " + _FOLDER + ".", asks=_weights,
    ),
    Row(
        "pickle-without-function", (LOAD,), _FILE + " holds data, and nothing that predicts with it.",
        "Pickle the predict function itself, or have the client write the dict (create_model_bundle).",
        error="RuntimeFailure", text="^LoadFunctionNotFound: the pickle holds ",
    ),
    Row(
        "pickle-cut-off", (UNPICKLE,), "The pickle (spec.bundle.artifact.uri) ends too early, after {size} bytes, "
        "which are those that spec.bundle.artifact.sha256 names: it was cut off before that was taken of it.",
        "Look at what wrote it: a file that was not closed, or a disk that was full. " + _PICKLE_AGAIN,
        error="EOFError|UnpicklingError", text="truncated|Ran out of input|exhausted|unexpected end",
        asks=_cut_off,
    ),
    Row(
        "pickle-protocol", (UNPICKLE,), _FILE + " names pickle protocol {protocol}, which no Python has: it is "
        "damaged, or not a pickle.", _COMPARE, error="ValueError",
        text=r"unsupported pickle protocol: (?P<protocol>\d+)",
    ),
    Row(
        "not-a-pickle", (UNPICKLE,), _FILE + " is not a pickle that can be read; it begins with {head}.",
        _COMPARE, error="UnpicklingError|EOFError|UnicodeDecodeError", asks=_first_bytes, rank=KIND,
    ),
)  # fmt: skip

# a pickle may raise what it likes, also one that begins like a file of another kind
_NOT_READ = (
    "UnpicklingError|EOFError|ValueError|KeyError|IndexError|UnicodeDecodeError|AttributeError|TypeError|ImportError|"
    "MemoryError|OverflowError"
)
ROWS: Tuple[Row, ...] = tuple(row._replace(error=row.error or _NOT_READ, edits=(ARTIFACT,)) for row in _ROWS)
