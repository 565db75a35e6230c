"""ModelBundle YAML, read as kubectl reads it and written so that every reader gives the same values back.

YAML 1.1 makes `y` a boolean and 1:30 a number, depending on the reader: PyYAML writes the key `y` bare, kubectl reads
it as true. So this is the only place that reads and writes YAML: the loader knows kubectl's rules, the dumper puts
every string in quotes that any reader could take for something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Dict, List

import yaml

from bundle_spec.admission import refusals, unknown
from bundle_spec.exact_values import DEEPEST, check_survives
from bundle_spec.names import API_VERSION, KIND
from launch.errors import InvalidBundleError

NAME = re.compile(r"[a-z]([-a-z0-9]{0,50}[a-z0-9])?")

_BOOLEANS = re.compile(r"^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$")
# both once the underscores are gone, which may stand nearly anywhere after the first character
_FLOATS = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_INTEGERS = r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)"
_NO_NUMBERS = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
_LIKE_A_WORD = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "~", ""}
_LIKE_A_NUMBER = re.compile(r"[-+._]*[0-9]|[-+]?\.(inf|nan)", re.IGNORECASE)

_BREAKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]")  # line breaks to some readers, or no text


_TOO_DEEP = f"is nested too deeply to be read; {DEEPEST} levels are allowed: put such a value into the artifact"


class ManifestError(InvalidBundleError):
    """The file cannot be used as it is; the text says where and what to do."""


class _Loader(yaml.SafeLoader):
    pass


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # anchors are hard to read, and some readers refuse them


def _resolvers() -> None:
    """kubectl's scalars: y and n are booleans, 1e3 is a number, dates and 1:30 are strings."""
    ours = ("bool", "float", "int", "timestamp")
    _Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in entries if tag.rpartition(":")[2] not in ours]
        for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEANS, list("yYnNtTfFoO"))
    _Loader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBERS, list("-+0123456789."))
    _Loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in ("y", "yes", "true", "on"))
    _Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: _number(node.value))
    _Dumper.add_representer(str, _string)


class _Numbers:
    """Stands where PyYAML wants a pattern: with underscores a pattern would be unreadable."""

    def match(self, text: str) -> bool:
        if re.fullmatch(_NO_NUMBERS, text):
            return True
        if text.startswith(".") and re.search(r"_(?![0-9])|(?<![0-9])_", text):
            return False  # there kubectl takes an underscore between digits only
        plain = text.replace("_", "")
        return bool(re.fullmatch(_FLOATS, plain) or re.fullmatch(_INTEGERS, plain))


_NUMBERS = _Numbers()


def _number(text: str) -> float:
    if re.fullmatch(_NO_NUMBERS, text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    plain = text.replace("_", "").lower()
    if not re.fullmatch(_INTEGERS, plain):
        return float(plain)
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", plain)
    return int(f"{octal[1]}0o{octal[2]}" if octal else plain, 0)


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    if "\n" in value.strip("\n") and not re.search(r"[ \t]\n|^\s|[^\x09\x0a\x20-\x7e\xa0-\u2027\u202a-\ud7ff]", value):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    quoted = value.lower() in _LIKE_A_WORD or _LIKE_A_NUMBER.match(value) or _BREAKS.search(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if quoted else None)


_resolvers()


def dump(manifest: Mapping[str, Any]) -> str:
    """The manifest as YAML, in the order of its keys; ManifestError names a value that would not arrive as it is."""
    try:
        check_survives(manifest)
    except ValueError as error:
        raise ManifestError(str(error)) from None
    return yaml.dump(dict(manifest), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def dump_objects(objects: Sequence[Mapping[str, Any]]) -> str:
    """Objects as the API server has them, one YAML document each; nothing is checked, as they are there already."""
    return "---\n".join(map(_document, objects))


def _document(item: Mapping[str, Any]) -> str:
    try:
        return yaml.dump(dict(item), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    except RecursionError:  # anybody may have made it; JSON is YAML too
        return json.dumps(item, ensure_ascii=False) + "\n"


def parse(text: str, name: str) -> List[Dict[str, Any]]:
    """All ModelBundles of a YAML (or JSON) text; `name` is the file's, for the messages."""
    try:
        documents = [document for document in yaml.load_all(text, Loader=_Loader) if document is not None]
    except RecursionError as error:
        raise ManifestError(f"{name} {_TOO_DEEP}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise ManifestError(f"{name} is not valid YAML: {error}") from error
    bundles = [item for item in documents if isinstance(item, dict) and item.get("kind") == KIND]
    if not bundles:
        kinds = ", ".join(str(item.get("kind")) for item in documents if isinstance(item, dict)) or "nothing"
        raise ManifestError(f"{name} does not hold a {KIND} (it holds {kinds})")
    return bundles


def read_bundle(path: Path) -> Dict[str, Any]:
    """The one self-standing ModelBundle of a file, checked as far as that is possible without a cluster."""
    return checked(read_one(path), str(path))


def checked(bundle: Dict[str, Any], name: str) -> Dict[str, Any]:
    """The self-standing bundle; ManifestError with all that a cluster would refuse of it. `name` is the file's."""
    problems = check(bundle)
    if problems:
        raise ManifestError(f"{name}: " + "; ".join(problems))
    return bundle


def read_one(path: Path) -> Dict[str, Any]:
    """The one ModelBundle of a file, which may be a clone; only its outline is checked."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot read {path}: {error}") from error
    return one_of(text, str(path))


def one_of(text: str, name: str) -> Dict[str, Any]:
    """The one ModelBundle of a text, as `read_one` gives it; `name` is the file's, for the messages."""
    bundles = parse(text, name)
    if len(bundles) > 1:
        names = ", ".join(map(name_of, bundles))
        raise ManifestError(f"{name} holds {len(bundles)} ModelBundles ({names}); give a file with one")
    problem = outline_problem(bundles[0])
    if problem:
        raise ManifestError(f"{name}: {problem}")
    return bundles[0]


def read_value(path: Path) -> Dict[str, Any]:
    """The one object in a JSON or YAML file, its scalars read as kubectl reads them."""
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot read {path}: {error}") from error
    except RecursionError as error:
        raise ManifestError(f"{path} {_TOO_DEEP}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ManifestError(f"{path} is not valid {'JSON' if path.suffix == '.json' else 'YAML'}: {error}") from error
    if not isinstance(value, dict):
        raise ManifestError(f"{path} must hold one object, it holds a {type(value).__name__}")
    return value


def check(manifest: Mapping[str, Any]) -> List[str]:
    """What is wrong with a self-standing ModelBundle, in the order of its fields; its artifact may lie at a path."""
    problem = outline_problem(manifest)
    if problem:
        return [problem]
    if manifest["spec"]["bundle"].get("cloneFrom"):
        return [
            "it is a clone, and what it inherits is elsewhere: `modelbundle flatten` writes the whole bundle out, with "
            "--base FILE or from the cluster"
        ]
    return refusals(manifest, local=True) or unknown(manifest)


def name_of(manifest: Mapping[str, Any]) -> str:
    """metadata.name, whatever stands there; empty where none does."""
    metadata = manifest.get("metadata")
    return str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""


def name_problem(name: str) -> str:
    """Why this cannot be a bundle's name, or nothing."""
    if NAME.fullmatch(name):
        return ""
    return f"{name!r} cannot name a bundle: lowercase letters, digits and -, a letter first, at most 52 characters"


def outline_problem(manifest: Mapping[str, Any]) -> str:
    """Why it cannot be looked at as a ModelBundle, or nothing."""
    if manifest.get("apiVersion") != API_VERSION:
        return f"apiVersion is {manifest.get('apiVersion')!r}, this version knows {API_VERSION}"
    spec = manifest.get("spec")
    bundle = spec.get("bundle") if isinstance(spec, dict) else None
    if not isinstance(bundle, dict):
        return "spec.bundle is missing: it says what runs"
    base = bundle.get("cloneFrom") or {"name": ""}
    if not isinstance(base, dict) or not isinstance(base.get("name"), str):
        return "spec.bundle.cloneFrom needs the name of the base: cloneFrom: {name: ...}"
    return ""
