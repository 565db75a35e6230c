"""What settings about a pod's surroundings may hold. A ValueError says what is wrong; the variable is named with it."""

import re

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KEY = re.compile(r"[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,252}")


def object_name(value: str) -> str:
    """Of a Secret or ConfigMap."""
    if not _NAME.fullmatch(value):
        raise ValueError("must be the name of an object: lower-case letters, digits, - and .")
    return value


def config_key(value: str) -> str:
    """Of a Secret or ConfigMap."""
    if not _KEY.fullmatch(value):
        raise ValueError("must be a key of a ConfigMap: letters, digits, -, _ and .")
    return value
