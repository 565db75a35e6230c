"""All that a cluster would refuse of the bundles in a file, found without one: `modelbundle check`.

The rules are those of `bundle_spec.admission`, which names what only a cluster can say; beyond them this knows which
fields kubectl refuses, whether the schemas are JSON Schemas, the size and the digest, and what a pod cannot fetch.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

from bundle_spec.admission import refusals, unknown
from launch.bundle.content import Content, ContentError, content_of_manifest
from launch.bundle.manifest import name_of, outline_problem
from launch.packing.schemas.checks import invalid

_SCHEMAS = ("requestSchema", "responseSchema")


class Checked(NamedTuple):
    """One bundle: `problems` is empty when a cluster would take it; `digest` where it is known; `notes` say what was
    not looked at."""

    name: str
    digest: Optional[str]
    problems: List[str]
    notes: List[str]


def checked_bundles(manifests: Sequence[Mapping[str, Any]], bases: Sequence[Mapping[str, Any]] = ()) -> List[Checked]:
    """Each manifest in its order. The base of a clone may be among them, or among `bases`."""
    known = {name_of(manifest): manifest for manifest in [*bases, *manifests]}
    names = [name_of(manifest) for manifest in manifests]
    return [_checked(manifest, known, names.count(name_of(manifest)) > 1) for manifest in manifests]


def _checked(manifest: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], twice: bool) -> Checked:
    name = name_of(manifest)
    outline = outline_problem(manifest)
    if outline:
        return Checked(name, None, [outline], [])
    problems = [] if name else ["metadata.name is missing: it names the bundle, its Deployment and its Service"]
    problems += [f"metadata.name {name} is in the file twice: the second would be an edit of the first"] * twice
    problems += refusals(manifest) + unknown(manifest)
    problems += _of_artifact(manifest["spec"]["bundle"])
    if problems:
        return Checked(name, None, problems, [])
    problems += _of_schemas(manifest["spec"]["bundle"])
    try:
        content = _content(manifest, known, ())
    except ContentError as error:
        return Checked(name, None, [*problems, str(error)], [])
    if content is None:
        base = manifest["spec"]["bundle"]["cloneFrom"]["name"]
        return Checked(name, None, problems, [f"what it inherits was not checked: give --base FILE that holds {base}"])
    return Checked(name, content.digest, problems, [])


def _of_artifact(bundle: Mapping[str, Any]) -> List[str]:
    artifact = bundle.get("artifact")
    uri = artifact.get("uri") if isinstance(artifact, Mapping) else None
    if not isinstance(uri, str) or not uri.lower().startswith("file:"):
        return []
    return [
        f"spec.bundle.artifact.uri is {uri}, a path of this machine, which no pod can read: upload the file, and name "
        "s3:// or https:// (`modelbundle serve` reads paths)"
    ]


def _of_schemas(bundle: Mapping[str, Any]) -> List[str]:
    found = [(name, invalid(dict(bundle[name]))) for name in _SCHEMAS if bundle.get(name)]
    return [f"spec.bundle.{name}{problem}" for name, problem in found if problem]


def _content(
    manifest: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], line: Sequence[str]
) -> Optional[Content]:
    """None for a clone whose base is not known."""
    asked: Dict[str, Any] = manifest["spec"]["bundle"].get("cloneFrom") or {}
    if not asked:
        return content_of_manifest(manifest, local=False)
    base, line = asked["name"], [*line, name_of(manifest)]
    if base in line:
        raise ContentError(f"{line[0]} is derived from itself: {' -> '.join([*line, base])}")
    if base not in known or outline_problem(known[base]):
        return None
    found = _content(known[base], known, line)
    return None if found is None else content_of_manifest(manifest, found, local=False)
