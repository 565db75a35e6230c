"""A self-contained bundle, for Git: no cloneFrom, nothing that only the cluster knows, the same digest. Pure."""

from __future__ import annotations

from typing import Any, Dict, Optional

from bundle_spec.names import API_VERSION, GROUP, KIND
from launch.bundle.clone import serving_of
from launch.bundle.content import Content, ContentError, content_of_fields
from launch.bundle.manifest import dump, parse

# what other writers keep about the object that they wrote; it does not belong to the next one
_WRITERS = ("kubectl.kubernetes.io/", "meta.helm.sh/", "argocd.argoproj.io/", f"{GROUP}/")


def flattened(content: Content, name: Optional[str] = None) -> Dict[str, Any]:
    """The manifest; ContentError when the artifact's URI is not known."""
    if not (content.fields.get("artifact") or {}).get("uri"):
        raise ContentError(f"{content.name} has no artifact.uri on record, so it cannot be written out")
    given = content.manifest.get("metadata") or {}
    metadata: Dict[str, Any] = {"name": name or content.name}
    labels = dict(given.get("labels") or {})
    annotations = {
        key: value for key, value in (given.get("annotations") or {}).items() if not key.startswith(_WRITERS)
    }
    metadata.update({"labels": labels} if labels else {})
    metadata.update({"annotations": annotations} if annotations else {})
    spec: Dict[str, Any] = {"bundle": dict(content.fields)}
    serving = serving_of(content.manifest)
    if serving:
        spec["serving"] = serving
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def flattened_text(content: Content, name: Optional[str] = None) -> str:
    """As YAML, read back and found to have the same digest."""
    manifest = flattened(content, name)
    text = dump(manifest)
    back = content_of_fields(parse(text, "what flatten wrote")[0]["spec"]["bundle"], manifest)
    if back.digest != content.digest:
        raise ContentError(f"a defect of flatten: {content.digest} would become {back.digest}. Please report it")
    return f"# {_origin(content)}digest {content.digest}\n{text}"


def _origin(content: Content) -> str:
    base = (((content.manifest.get("spec") or {}).get("bundle") or {}).get("cloneFrom") or {}).get("name")
    return f"{content.name}, a clone of {base}, written out; " if base else ""
