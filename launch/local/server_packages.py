"""What the server of a bundle needs beside this package: the extra `runtime`."""

from __future__ import annotations

import importlib.util
import sys
from typing import Optional

LEAST_PYTHON = (3, 11)
NEEDED = ("httptools", "uvloop", "orjson", "jsonschema_rs", "prometheus_client", "rfc8785")


def missing_package() -> Optional[str]:
    """The first that is not installed."""
    return next((name for name in NEEDED if importlib.util.find_spec(name) is None), None)


def is_too_old() -> bool:
    """Whether this Python cannot run the server."""
    return sys.version_info < LEAST_PYTHON
