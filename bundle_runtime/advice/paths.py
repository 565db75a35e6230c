"""A file that user code does not find, or may not touch, as a pod is not the machine it was tried on: another user,
another HOME, another working directory, and little that can be written."""

from __future__ import annotations

import errno
import posixpath
import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import (
    ARTIFACT,
    FIELDS,
    INSTALL,
    KIND,
    OWN_IMAGE,
    SERVING,
    USER_CODE,
    Row,
    Symptom,
    Values,
    World,
)
from bundle_runtime.contract.layout import HOME, USER_CODE_UID

_PODS = f"Pods run as uid {USER_CODE_UID} with HOME={HOME}, and /tmp is empty when they start."
_WEIGHTS = (
    "Weights of an image must lie where everyone may read them, not below /root or /tmp; name the place (HF_HOME, "
    "TORCH_HOME, ...) by ENV in the image or in spec.bundle.env."
)
_OF_A_MACHINE = r"/(home|Users|content|kaggle|dbfs|Volumes)/|[A-Za-z]:[\\/]"
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SHM = "/dev/shm"
_SHARED = (
    "/dev/shm|[Uu]nable to (open|allocate|write to|resize) (file </torch|shared memory)|out of shared memory|"
    "shared memory object <"
)
SHM_SIZE = "as large as spec.serving.sizeLimits.shm or, without that, spec.serving.resources.memory"


def _below(path: str, directory: str) -> bool:
    return posixpath.normpath(path).startswith(posixpath.join(posixpath.normpath(directory), ""))


def _of_image(symptom: Symptom, world: World, number: int) -> bool:
    """An absolute path that is not one of the bundle's."""
    path = symptom.path
    return symptom.errno == number and path.startswith("/") and not (world.root and _below(path, world.root))


def _below_root(symptom: Symptom, world: World) -> Optional[Values]:
    found = _of_image(symptom, world, errno.ENOENT) or _of_image(symptom, world, errno.EACCES)
    return {"path": symptom.path} if found and _below(symptom.path, "/root") else None


def _hidden(symptom: Symptom, world: World) -> Optional[Values]:
    """Not below /root, which has words of its own."""
    if not _of_image(symptom, world, errno.ENOENT) or _below(symptom.path, "/root"):
        return None
    places = ("/tmp", world.environment.get("TMPDIR"), world.environment.get("HOME"))
    return {"path": symptom.path} if any(_below(symptom.path, place) for place in places if place) else None


def _not_allowed(symptom: Symptom, world: World) -> Optional[Values]:
    found = _of_image(symptom, world, errno.EACCES) and not _below(symptom.path, "/root")
    return {"path": symptom.path} if found else None


def _token(symptom: Symptom, world: World) -> Optional[Values]:
    """By its file, or as Kubernetes' client says it."""
    named = symptom.errno == errno.ENOENT and _below(symptom.path, _TOKEN)
    said = symptom.types[:1] == ("ConfigException",) and symptom.text.startswith("Service token file")
    return {} if named or said else None


def _relative(symptom: Symptom, packaging: str, world: World) -> Optional[Values]:
    program = symptom.raised_in == "subprocess"
    whole = symptom.path.startswith("/") or re.match(_OF_A_MACHINE, symptom.path)
    if symptom.errno != errno.ENOENT or not symptom.path or whole or program:
        return None
    return {"path": symptom.path} if (world.packaging or "zip") == packaging else None


def _beside_script(symptom: Symptom, world: World) -> Optional[Values]:
    return _relative(symptom, "cloudpickle", world)


def _in_folder(symptom: Symptom, world: World) -> Optional[Values]:
    below = world.root and _below(symptom.path, posixpath.join(world.root, "bundle/artifact"))
    if symptom.errno == errno.ENOENT and below:
        return {"path": symptom.path}
    return _relative(symptom, "zip", world)


def _elsewhere(symptom: Symptom, world: World) -> Optional[Values]:
    """A whole path of the machine on which the code was written, which is no place of an image."""
    if symptom.errno != errno.ENOENT or not re.match(_OF_A_MACHINE, symptom.path):
        return None
    places = (world.root, world.environment.get("TMPDIR"), world.environment.get("HOME"))
    return None if any(_below(symptom.path, place) for place in places if place) else {"path": symptom.path}


def _program(symptom: Symptom, world: World) -> Optional[Values]:
    program = symptom.raised_in == "subprocess" and symptom.errno == errno.ENOENT
    return {"path": symptom.path} if program and symptom.path else None


def _read_only(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if symptom.errno == errno.EROFS else None


def _said_full(symptom: Symptom) -> bool:
    return symptom.errno in _FULL or "No space left on device" in symptom.text


def _of_shared_memory(symptom: Symptom, world: World) -> bool:
    """A write that fails names no file: then it is told by what has no room left."""
    named = f"{symptom.path} {symptom.text}"
    return bool(re.search(_SHARED, named)) or (_said_full(symptom) and not symptom.path and world.is_full(_SHM))


def _shared(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if _of_shared_memory(symptom, world) else None


def _full(symptom: Symptom, world: World) -> Optional[Values]:
    if not _said_full(symptom) or _of_shared_memory(symptom, world):
        return None
    return {"path": symptom.path or "the container"}


def _many_files(symptom: Symptom, world: World) -> Optional[Values]:
    return {} if symptom.errno in (errno.EMFILE, errno.ENFILE) else None


ROWS: Tuple[Row, ...] = (
    Row("read-only", USER_CODE, "The bundle and the image are read-only in a pod.",
        f"Write caches below $HOME ({HOME}), the rest to $TMPDIR (/tmp).", error="OSError", asks=_read_only,
        edits=(ARTIFACT,)),
    Row("file-below-root", USER_CODE, f"{{path}} is the root user's. {_PODS}", _WEIGHTS, error="OSError",
        asks=_below_root),
    Row("file-below-home-or-tmp", USER_CODE, f"{{path}} of the image is not seen in a pod. {_PODS}", _WEIGHTS,
        error="OSError", asks=_hidden),
    Row("file-not-readable", USER_CODE, f"{{path}} may not be read or written by this user. {_PODS}", _WEIGHTS,
        error="OSError", asks=_not_allowed),
    Row("service-account-token", USER_CODE, "Pods hold no token of their ServiceAccount: what a model runs is to reach "
        "no API server.",
        "Where it must, make a Secret of type kubernetes.io/service-account-token, mount it by spec.serving.volumes at "
        "a place such as /etc/account (this one is taken), and read the token there. The identity of a cloud needs no "
        "such token: its webhook mounts one of its own.",
        edits=(ARTIFACT, SERVING), asks=_token),
    Row("file-beside-script", USER_CODE, "{path} was beside the script or notebook. A pickle takes no files along, "
        "and a relative path is one in the bundle's own directory, not in the image's WORKDIR.",
        "Pack the folder that has the file (create_model_bundle_from_dirs, `modelbundle create NAME DIR`), or name a "
        "file of the image by its whole path.", error="OSError", asks=_beside_script, edits=(ARTIFACT,)),
    Row("file-not-in-bundle", USER_CODE, "{path} is not in the bundle; a relative path is one in the bundle's own "
        "directory, not in the image's WORKDIR.",
        "Put the file into the bundle (.bundleignore may leave it out), or name that of the image by its whole path.",
        error="OSError", asks=_in_folder, edits=(ARTIFACT,)),
    Row("path-of-another-machine", USER_CODE, "{path} is a path of the machine or notebook on which the code was "
        "written, and a pod has no such file.",
        "Pack the file in a folder with the code (create_model_bundle_from_dirs, `modelbundle create NAME DIR`), and "
        "open it by its name in that folder: the bundle's own directory is the working directory.",
        error="OSError", asks=_elsewhere, edits=(ARTIFACT,)),
    Row("missing-program", USER_CODE, "The image has no program {path}.",
        f"Install it in {OWN_IMAGE}; a requirement brings Python packages only.", error="OSError",
        asks=_program, edits=(FIELDS,)),
    Row("disk-full", (*USER_CODE, INSTALL), "The disk is full ({path}).",
        "Ask for more with spec.serving.resources.ephemeralStorage; /tmp and $HOME count to it. Where that is not set, "
        "the node's own disk is full. /dev/shm alone is memory, and its field is spec.serving.sizeLimits.shm.",
        asks=_full, edits=(SERVING,)),
    Row("too-many-files", USER_CODE, "The process has as many files open as it may.",
        "Close what is read (with open(...)), and read archives in the place of many small files.", error="OSError",
        asks=_many_files, edits=(ARTIFACT,)),
    Row("numba-cache", USER_CODE, "Numba can write its cache neither beside the module nor in a directory of its own.",
        f"Set NUMBA_CACHE_DIR={HOME}/numba in spec.bundle.env, or leave cache=True out.", error="RuntimeError",
        text="cannot cache function .*no locator available"),
    Row("user-without-name", USER_CODE, f"Pods run as uid {USER_CODE_UID}, which has no name in the image, and the "
        "code or a library asks for the user's name or home.",
        "getpass.getuser(), which libraries call, takes USER of spec.bundle.env (any name). The pwd module, "
        f"os.getlogin() and ~user read no variable: name the user in the code, and take os.environ['HOME'], {HOME}, as "
        "the home.",
        error="KeyError|OSError|RuntimeError",
        text="getpwuid\\(\\): uid not found|No username set in the environment|Could not determine home directory|"
        "^\\[Errno (6|25)\\] [\\w ]+$"),
    Row("shared-memory", USER_CODE, f"{_SHM}, the memory that processes share, is full or cannot be written.",
        f"It is {SHM_SIZE}, and what is in it counts to resources.memory: ask for more of both. Or ask in the code for "
        "fewer workers of the DataLoader, and write files to $TMPDIR (/tmp).", edits=(ARTIFACT, SERVING), asks=_shared,
        rank=KIND),
)  # fmt: skip
