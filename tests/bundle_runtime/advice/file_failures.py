"""Files that are not the pickle they are taken for, as the programs write them that people use."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import pickle
import tarfile
import zipfile

from tests.bundle_runtime.advice.reading import Failure

PICKLE = pickle.dumps({"weights": list(range(1000))}, protocol=4)


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("model.pkl")
        member.size = len(PICKLE)
        archive.addfile(member, io.BytesIO(PICKLE))
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", PICKLE)
    return buffer.getvalue()


_LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 104857600\n".encode()
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>\n"
_ANSWER = json.dumps({"error": {"code": 403, "message": "access denied"}}).encode()
_SOURCE = b"#!/usr/bin/env python3\nimport numpy as np\n\n\ndef predict(x):\n    return np.mean(x)\n"
_JOBLIB = """
import sys, joblib, numpy
joblib.dump({"weights": numpy.arange(1000)}, sys.argv[1])
"""
_NPY = """
import sys, numpy
with open(sys.argv[1], "wb") as file:
    numpy.save(file, numpy.arange(10))
"""

FAILURES = (
    Failure("gzip-file", ("gzip file", "Unpack it"), pickle=gzip.compress(PICKLE)),
    Failure("compressed-file", ("bzip2",), pickle=bz2.compress(PICKLE)),
    Failure("tar-file", ("tar file",), pickle=_tar()),
    Failure("zip-file", ("artifact.packaging",), pickle=_zip()),
    Failure("git-lfs-pointer", ("git lfs pull",), pickle=_LFS),
    Failure("empty-file", ("0 bytes",), pickle=b""),
    Failure("html-page", ("HTML page",), pickle=_PAGE),
    Failure("json-file", ("JSON",), pickle=_ANSWER),
    Failure("python-source", ("modelbundle create NAME FILE.py",), pickle=_SOURCE),
    Failure("joblib-file", ("joblib.load",), script=_JOBLIB),
    Failure("weights-file", (".npy file",), script=_NPY),
    Failure(
        "pickle-without-function",
        ("the keys ['weights']", "create_model_bundle"),
        pickle=PICKLE,
        reason="LoadFunctionNotFound",
    ),
    Failure("pickle-cut-off", ("ends too early", "500 bytes"), pickle=PICKLE[:500]),
    Failure("pickle-protocol", ("protocol 9",), pickle=b"\x80\x09" + PICKLE[2:]),
    Failure("not-a-pickle", ("begins with b'this is not a pi'",), pickle=b"this is not a pickle"),
)
