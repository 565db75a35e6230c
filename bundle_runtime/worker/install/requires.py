"""What a distribution says that it needs (Requires-Dist), read with the standard library alone. Pure.

What cannot be read is left out: it is the resolver's to judge, here it only keeps a newer package from being laid over.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from typing import NamedTuple

from bundle_runtime.worker.install.pep440 import fits

_ENTRY = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<specifier>[^;@]*?)\s*"
    r"(?:;\s*(?P<marker>.*))?$",
    re.DOTALL,
)
_TOKEN = re.compile(r"\s*(\(|\)|'[^']*'|\"[^\"]*\"|===|~=|==|!=|<=|>=|<|>|not\s+in\b|[A-Za-z_.]+)")
_VERSIONS = ("python_version", "python_full_version", "implementation_version")


class Need(NamedTuple):
    """One Requires-Dist line: a name, as it is normalised, and the versions that fit."""

    name: str
    specifier: str
    marker: str


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def need(entry: str) -> Need | None:
    """The line, read; None for a direct reference (name @ https://...) and for what cannot be read."""
    match = _ENTRY.match(entry)
    if match is None:
        return None
    specifier = match["specifier"].strip()
    if specifier.startswith("("):
        specifier = specifier[1:].rstrip(")")
    return Need(normalised(match["name"]), specifier.replace(" ", ""), (match["marker"] or "").strip())


def needs(entries: list[str], environment: dict[str, str] | None = None) -> list[Need]:
    """What is needed here without any extra."""
    here = environment if environment is not None else marker_environment()
    read = [found for found in map(need, entries) if found is not None]
    return [found for found in read if applies(found.marker, here)]


def satisfied(found: Need, version: str) -> bool | None:
    """Whether the version is one that is needed; None when that cannot be said."""
    try:
        return fits(version, found.specifier)
    except ValueError:
        return None


def marker_environment() -> dict[str, str]:
    """The variables of PEP 508 as this interpreter has them; no extra is asked for."""
    version = platform.python_version()
    return {
        "python_version": ".".join(version.split(".")[:2]),
        "python_full_version": version,
        "implementation_version": version,
        "implementation_name": sys.implementation.name,
        "platform_python_implementation": platform.python_implementation(),
        "os_name": os.name,
        "sys_platform": sys.platform,
        "platform_system": platform.system(),
        "platform_machine": platform.machine(),
        "platform_release": platform.release(),
        "platform_version": platform.version(),
        "extra": "",
    }


def applies(marker: str, environment: dict[str, str]) -> bool:
    """Whether the marker is true; one that cannot be read is not."""
    if not marker:
        return True
    tokens: list[str] = []
    at = 0
    while at < len(marker.rstrip()):
        match = _TOKEN.match(marker, at)
        if match is None:
            return False
        tokens.append(re.sub(r"\s+", " ", match.group(1)))
        at = match.end()
    try:
        value = _either(tokens, environment)
    except (IndexError, KeyError, ValueError):
        return False
    return value and not tokens


def _either(tokens: list[str], environment: dict[str, str]) -> bool:
    value = _both(tokens, environment)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        value = _both(tokens, environment) or value
    return value


def _both(tokens: list[str], environment: dict[str, str]) -> bool:
    value = _one(tokens, environment)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        value = _one(tokens, environment) and value
    return value


def _one(tokens: list[str], environment: dict[str, str]) -> bool:
    if tokens[0] == "(":
        tokens.pop(0)
        value = _either(tokens, environment)
        if tokens.pop(0) != ")":
            raise ValueError("a parenthesis is not closed")
        return value
    left, operator, right = tokens.pop(0), tokens.pop(0), tokens.pop(0)
    is_version = left in _VERSIONS or right in _VERSIONS
    have, wanted = _value(left, environment), _value(right, environment)
    if operator in ("in", "not in"):
        return (have in wanted) == (operator == "in")
    if is_version and left not in _VERSIONS:  # '3.8' <= python_version
        have, wanted = wanted, have
        operator = operator.translate(str.maketrans("<>", "><"))
    if is_version:
        return fits(have, operator + wanted)
    if operator in ("==", "===", "!="):
        return (have == wanted) == (operator != "!=")
    compared = {"<": have < wanted, "<=": have <= wanted, ">": have > wanted, ">=": have >= wanted}
    return compared[operator]


def _value(token: str, environment: dict[str, str]) -> str:
    if token[0] in "'\"":
        return token[1:-1]
    name = token.replace(".", "_")  # sys.platform and the like: as lists older than PEP 508 spell them
    return environment["platform_python_implementation" if name == "python_implementation" else name]
