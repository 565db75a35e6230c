"""The charts' values with what their comments say, for the table in docs/how-to/helm.md."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
# values file -> the path under which a user of the root chart sets its values
FILES = {"values.yaml": "", "charts/operator/values.yaml": "operator."}


def rows() -> Iterator[tuple[str, str, str]]:
    """(value, default as JSON, what it means) of every value that can be set, in the order of the files."""
    for file, prefix in FILES.items():
        text = (ROOT / file).read_text()
        explained = comments(text)
        for path, default in leaves(yaml.safe_load(text)):
            if file == "values.yaml" or path != "enabled":
                yield prefix + path, json.dumps(default), meaning(path, explained)


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each path that ends in no map of further values; an empty map, or one of the user's own keys, is an end."""
    for name, value in values.items():
        here = f"{path}{name}"
        if isinstance(value, dict) and value and not here.endswith(("resources", "labels")):
            yield from leaves(value, f"{here}.")
        else:
            yield here, value


def meaning(path: str, explained: dict[str, str]) -> str:
    """The value's own comment; without one that of the map it stands in, as for `enabled`."""
    if path in explained or "." not in path:
        return explained.get(path, "")
    return meaning(path.rpartition(".")[0], explained)


def comments(text: str) -> dict[str, str]:
    """Path -> the comment right above its line, its paragraphs before an empty comment line only."""
    found: dict[str, str] = {}
    above: list[str] = []
    parents: list[tuple[int, str]] = []
    for line in text.splitlines():
        if comment := re.match(r" *#( ?)(.*)$", line):
            above.append(comment[2])
        elif key := re.match(r"( *)([A-Za-z0-9]+):", line):
            depth = len(key[1])
            parents = [parent for parent in parents if parent[0] < depth] + [(depth, key[2])]
            paragraph = " ".join(" ".join(above).split("  ")[0].split()) if above else ""
            if paragraph:
                found[".".join(name for _, name in parents)] = paragraph
            above = []
        else:
            above = []
    return found
