"""The lines of a plan about what is to run: artifact, image, the try without a GPU, requirements. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple, Union
from urllib.parse import urlsplit, urlunsplit

from bundle_spec.startup import CHECK
from launch.doctor.facts import Finding, Unknown, no, yes
from launch.plan.facts import Facts, not_looked_at
from launch.plan.layers import job_makes_layer, layer_words
from launch.plan.pod import gpu_of
from launch.plan.tried import alike, tried_with

UNKNOWN_CONTENT = "what the bundle runs is not known"
_HUB = "docker.io/"


def artifact(facts: Facts) -> Finding:
    """Whether it lies there, and how much is to be moved."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    if facts.size is None:
        change = "upload it, or correct spec.bundle.artifact.uri; `modelbundle pin URI` prints its sha256"
        return no(f"nothing lies at {_shown(facts.uri)}", change)
    if isinstance(facts.size, Unknown):
        return Finding("unknown", f"{_shown(facts.uri)}: not looked at: {facts.size.why}")
    return yes(f"{_shown(facts.uri)}: {as_bytes(facts.size)} to fetch for each pod")


def image(facts: Facts) -> Finding:
    """Which image it is, and on how many nodes it is already."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    name, remark = _image(facts)
    if isinstance(facts.nodes, Unknown):
        return Finding("unknown", f"{name}{remark}; on which nodes it is was not looked at: {facts.nodes.why}")
    sizes = _there(name, facts.nodes)
    if not sizes:
        return yes(f"{name}{remark}: no node tells that it has it, so it is pulled first")
    return yes(f"{name}{remark}: on {len(sizes)} of {_count(len(facts.nodes), 'node')} ({as_bytes(max(sizes))})")


def precheck(facts: Facts) -> Finding:
    """Whether a Job without a GPU tries it first."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    if not gpu_of(facts.serving):
        if job_makes_layer(facts):
            return yes("a Job for its requirements comes first, and is given up as soon as anything of it fails")
        return yes("no Job tries it first, as it asks for no GPU")
    if not isinstance(facts.settings, Unknown) and facts.settings.get("PRECHECK", "true").lower() == "false":
        return yes("no Job tries it first: operator.settings.precheck is false")
    status = (facts.live or {}).get("status") or {}
    if status.get("imageID") or facts.deployed is True:
        return yes("no Job tries it first, as it has had pods before")
    before = tried_with(facts)
    if before is not None:
        itself = "this very bundle" if before == facts.name else f"the bundle {before}"
        return yes(f"no Job tries it first: artifact, image and requirements passed with {itself}")
    if isinstance(facts.bundles, Unknown):
        return Finding("unknown", f"whether a Job tries it first was not looked at: {facts.bundles.why}")
    return yes(f"a Job without a GPU tries artifact, image and requirements first{_took(facts)}")


def requirements(facts: Facts) -> Finding:
    """How many are listed, and what came of the same list before."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    listed = facts.content.fields.get("requirements") or []
    if not listed:
        return yes("none are listed")
    count = _count(len(listed), "requirement")
    for bundle in alike(facts, "requirements", "envParams"):
        status = (bundle.get("status") or {}).get("requirements") or {}
        if (installed := status.get("count")) is not None:
            packages = _count(installed, "package")
            built = ", ".join(status.get("fromSource") or [])
            before = f"with {bundle['metadata']['name']} they were {packages} that the image lacks"
            before += (
                f", of which {built} built from source: only wheels are promised to be the same again" if built else ""
            )
            return yes(f"{count}: {before}{layer_words(facts)}")
    if isinstance(facts.bundles, Unknown):
        return Finding("unknown", f"{count}; whether they were installed before was not looked at: {facts.bundles.why}")
    return yes(f"{count}: no bundle of this namespace has had them with this image{layer_words(facts)}")


def as_bytes(size: Union[int, float]) -> str:
    """As people write it."""
    number, units = float(size), ["TiB", "GiB", "MiB", "KiB", "bytes"]
    while number >= 1024 and len(units) > 1:
        number /= 1024
        units.pop()
    return f"{number:.4g} {units[-1]}"


def _shown(uri: str) -> str:
    """Without a login, and without what signs it."""
    parts = urlsplit(uri)
    if parts.scheme == "s3":  # a key may hold ? and #
        return uri
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _image(facts: Facts) -> Tuple[str, str]:
    """The worker's image, and what is not known of it."""
    assert facts.content is not None
    params: Mapping[str, Any] = facts.content.fields.get("envParams") or {}
    status = (facts.live or {}).get("status") or {}
    if status.get("image"):
        return str(status["image"]), ""
    kind = params.get("frameworkType")
    if kind == "custom_base_image":
        own: Dict[str, str] = params.get("customBaseImage") or {}
        tag, digest = own.get("tag"), own.get("digest")
        return f"{own.get('repository')}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}", ""
    for bundle in alike(facts, "envParams"):
        if (bundle.get("status") or {}).get("image"):
            return str(bundle["status"]["image"]), ""
    settings = {} if isinstance(facts.settings, Unknown) else facts.settings
    name = "tensorflow" if kind == "tensorflow" else "pytorch"
    tag = params.get("tensorflowVersion" if kind == "tensorflow" else "pytorchImageTag")
    repository = settings.get(f"{name.upper()}_REPOSITORY") or f"{name}/{name}"
    mirror = settings.get("IMAGE_MIRROR") or ""
    hidden = isinstance(facts.settings, Unknown)
    remark = " (or as the operator's settings say, which are not known)" if hidden else ""
    return f"{mirror + '/' if mirror else ''}{repository}:{tag}", remark


def _there(image: str, nodes: List[Mapping[str, Any]]) -> List[int]:
    """The sizes that nodes tell of this image, one for each node that has it."""
    wanted, found = _full(image), []
    for node in nodes:
        for each in (node.get("status") or {}).get("images") or []:
            if wanted in map(_full, each.get("names") or []):
                found.append(int(each.get("sizeBytes") or 0))
                break
    return found


def _full(image: str) -> str:
    """With the registry that is meant where none is written, and a tag."""
    first = image.split("/")[0]
    if "/" not in image:
        image = f"{_HUB}library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"{_HUB}{image}"
    return image if "@" in image or ":" in image.rpartition("/")[2] else f"{image}:latest"


def _took(facts: Facts) -> str:
    """How long such a Job took for others."""
    status = [(bundle.get("status") or {}).get("startup") or {} for bundle in facts.others]
    took = sorted(startup[CHECK] for startup in status if CHECK in startup)
    if not took:
        return ""
    within = f"{took[0]:.0f} s" if took[0] == took[-1] else f"{took[0]:.0f} to {took[-1]:.0f} s"
    return f"; such Jobs took {within} here"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
