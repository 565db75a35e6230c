"""What to do about a file that user code does not find, or may not touch, as a pod is not the machine it was tried on:
another user, another HOME, another working directory, and little that can be written."""

from __future__ import annotations

import errno
import os

from bundle_runtime.contract.layout import HOME, USER_CODE_UID, Layout

_LINKS = 10  # of a chain of exceptions, which user code can make a ring
_OF_IMAGE = (
    f"Pods run as uid {USER_CODE_UID} with HOME={HOME}, and /tmp is empty when they start. Weights of an image must "
    "lie where everyone may read them, not below /root or /tmp; name the place (HF_HOME, TORCH_HOME, ...) by ENV in "
    "the image or in spec.bundle.env."
)
_RELATIVE = (
    "A relative path is one in the bundle's own directory, not in the image's WORKDIR: put the file into the bundle, "
    "or name that of the image by its whole path."
)
_READ_ONLY = f"The bundle and the image are read-only in a pod: write caches below $HOME ({HOME}), the rest to $TMPDIR."


def file_advice(error: BaseException) -> str:
    """Empty where the error, and what led to it, is about no such file."""
    link: BaseException | None = error
    for _ in range(_LINKS):
        if link is None:
            break
        advice = _of_one(link) if isinstance(link, OSError) else ""
        if advice:
            return advice
        link = link.__cause__ or link.__context__
    return ""


def _of_one(error: OSError) -> str:
    path = error.filename
    if error.errno == errno.EROFS:
        return _READ_ONLY
    if not isinstance(path, str) or not isinstance(error, (FileNotFoundError, PermissionError)):
        return ""
    if not os.path.isabs(path):
        return _RELATIVE if isinstance(error, FileNotFoundError) and not _is_program(error) else ""
    if _below(path, Layout.from_environment().root):
        return ""
    hidden = ("/root", "/tmp", os.environ.get("TMPDIR"), os.environ.get("HOME"))
    of_image = isinstance(error, PermissionError) or any(_below(path, place) for place in hidden if place)
    return _OF_IMAGE if of_image else ""


def _is_program(error: OSError) -> bool:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and last.tb_frame.f_globals.get("__name__") == "subprocess"


def _below(path: str, directory: str) -> bool:
    return os.path.normpath(path).startswith(os.path.join(os.path.normpath(directory), ""))
