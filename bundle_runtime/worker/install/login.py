"""The logins of package indexes: in the pod a variable that install alone has, for uv a file that goes with its run."""

from __future__ import annotations

import os

from bundle_runtime.contract.layout import NETRC_VARIABLE


def keep_login(directory: str) -> None:
    """Write what the variable holds into a file of the directory that this user alone may read, and name it to uv."""
    text = os.environ.pop(NETRC_VARIABLE, "")
    if not text:
        return
    path = os.path.join(directory, "netrc")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text.rstrip("\n") + "\n")
    os.environ["NETRC"] = path
