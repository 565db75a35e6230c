"""How a digest comes about, part by part, so that anybody can follow it with any tool.

docs/reference/digest.md says the same in prose. Pure.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping

import rfc8785

from launch.bundle.content import FIELDS, Content

_OF_PODS = r"kubectl get configmap NAME -o jsonpath='{.data.bundle\.json}' | sha256sum"
_OF_CLONE = "kubectl get mbun NAME -o jsonpath='{.status.resolved.document}' | sha256sum"


def parts(content: Content) -> List[Dict[str, Any]]:
    """Each field of the document with its canonical bytes and where in the document they stand."""
    return list(_parts(content))


def _parts(content: Content) -> Iterator[Dict[str, Any]]:
    document: Mapping[str, Any] = content.document
    at = len("{")
    for name in sorted(document):  # field names are ASCII, where UTF-16's order is this one
        written = rfc8785.dumps(document[name])
        at += len(rfc8785.dumps(name)) + len(":")
        assert content.canonical[at : at + len(written)] == written
        yield {"field": name, "offset": at, "bytes": len(written), "canonical": written.decode("utf-8")}
        at += len(written) + len(",")


def left_out(content: Content) -> List[str]:
    """Fields that are unset, or empty, which is the same; the two spellings of appConfig count as one."""
    if "appConfig" in content.fields or "appConfigJSON" in content.fields:
        return [name for name in FIELDS if name not in content.fields and not name.startswith("appConfig")]
    return [name for name in FIELDS if name not in content.fields]


def explanation(content: Content, origin: str) -> str:
    """For people; `origin` is the word that names the bundle on the command line."""
    lines = [
        f"{content.digest}  {content.name}",
        "",
        "1. The document: spec.bundle with all that it inherits, and schemaVersion. Unset, {} and [] are absent.",
    ]
    for part in parts(content):
        lines.append(f"   bytes {part['offset']}-{part['offset'] + part['bytes'] - 1}  {part['field']}")
        lines.append(f"      {part['canonical']}")
    uri = (content.fields.get("artifact") or {}).get("uri")
    lines += [
        f"   absent: {', '.join(left_out(content)) or 'nothing'}",
        f"   not in it: artifact.uri ({uri}), spec.serving, metadata: they change nothing that the model computes",
        f"2. Written as RFC 8785 canonical JSON: {len(content.canonical)} bytes of UTF-8, no line break at the end.",
        "3. Its SHA-256, in hex, after `sha256:`.",
        "",
        f"The same by other means: modelbundle digest {origin} -o document | sha256sum",
    ]
    spec = content.manifest["spec"]
    if "status" in content.manifest:
        if "cloneFrom" in spec["bundle"]:
            lines.append(f"and of what the clone was resolved to: {_OF_CLONE.replace('NAME', content.name)}")
        if (spec.get("serving") or {}).get("replicas", 1):  # else there may be no ConfigMap
            lines.append(f"and of what the pods mount: {_OF_PODS.replace('NAME', content.name)}")
    return "\n".join(lines)
