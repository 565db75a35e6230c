"""The shape of a ModelBundle, beside the names that bundle_spec gives to all who know it.

The models carry the structural schema of the CRD (tools/crd.py generates it from them) together with its CEL rules. The
API server has checked both before the operator sees an object, so parsing here is strict about types and repeats no
rule.
"""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from bundle_spec.names import (
    ANNOTATION_INPUTS,
    ANNOTATION_MOVED_AT,
    ANNOTATION_MOVED_FROM,
    ANNOTATION_MOVED_IDLE,
    ANNOTATION_MOVED_UNTIL,
    ANNOTATION_ROLLOUT_TOKEN,
    ANNOTATION_TEMPLATE,
    API_VERSION,
    CRD_NAME,
    FIELD_MANAGER,
    GROUP,
    KIND,
    LABEL_BUNDLE,
    LABEL_DIGEST,
    LABEL_ENDPOINT,
    LABEL_MANAGED_BY,
    LABEL_ROOT,
    MANAGED_BY,
    PLURAL,
    VERSION,
    ConditionType,
    Reason,
)
from modelbundle_operator.api.base import ApiModel, Rule, rules
from modelbundle_operator.api.bundle import Artifact, Bundle, CloneFrom, CustomBaseImage, EnvParams, EnvVar
from modelbundle_operator.api.object_names import LocalObject
from modelbundle_operator.api.resources import Resources
from modelbundle_operator.api.serving import EnvFromSource, Gpu, Rollout, Serving, Toleration
from modelbundle_operator.api.status import (
    Base,
    Condition,
    Endpoint,
    LastFailure,
    Lineage,
    Requirements,
    Resolved,
    Status,
)
from modelbundle_operator.errors import Terminal

__all__ = [
    "ANNOTATION_INPUTS", "ANNOTATION_LAYER", "ANNOTATION_MOVED_AT", "ANNOTATION_MOVED_FROM", "ANNOTATION_MOVED_IDLE",
    "ANNOTATION_MOVED_UNTIL",
    "ANNOTATION_ROLLOUT_TOKEN", "ANNOTATION_TEMPLATE", "API_VERSION", "CONFIG_KEY", "CRD_NAME", "FIELD_MANAGER",
    "GROUP", "KIND", "LABEL_BUNDLE", "LABEL_DIGEST", "LABEL_ENDPOINT", "LABEL_MANAGED_BY", "LABEL_ROOT", "LAYER_KEY",
    "MANAGED_BY", "PLURAL", "SERVICE_PORT", "UNREADABLE", "VERSION",
    "Artifact", "Base", "Bundle", "CloneFrom", "Condition", "ConditionType", "CustomBaseImage", "Endpoint",
    "EnvFromSource", "EnvParams", "EnvVar", "Gpu", "LastFailure", "Lineage", "LocalObject", "Metadata", "ModelBundle",
    "Reason", "Requirements", "Resolved", "Resources", "Rollout", "Serving", "Spec", "Status", "Toleration", "parse",
    "refuse_unreadable",
]  # fmt: skip

# beside metadata, spec and status of a body: why the operator keeps an outline of the object only (kube/decoding.py)
UNREADABLE: Final = "unreadable"

CONFIG_KEY: Final = "bundle.json"
LAYER_KEY: Final = "layer.json"
# of a Job that is to make a layer: its inputs
ANNOTATION_LAYER: Final = "modelbundle.dev/layer"
SERVICE_PORT: Final = 80

_IMMUTABLE: Final = Rule(
    "self == oldSelf",
    "spec.bundle is immutable: clone it with spec.bundle.cloneFrom, or create a new ModelBundle whose name carries the"
    " version. In Git add it under the new name and remove the old one, with Argo CD's PruneLast=true; never sync with"
    " Force or Replace, which delete what serves. (Nothing was edited? A null inside appConfig or a schema does not"
    " survive every writer: leave it out, or use appConfigJSON)",
)


class Metadata(BaseModel):
    """What the operator reads of the object's metadata; the API server validates the rest."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    name: str
    namespace: str
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None


class Spec(ApiModel):
    """What is asked for: `bundle` is what runs and never changes, `serving` is how it is served and may."""

    bundle: Bundle = Field(json_schema_extra=rules(_IMMUTABLE))
    serving: Serving = Field(default_factory=Serving)


class ModelBundle(BaseModel):
    """A Python function and its model as one immutable object, and how Kubernetes serves it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    metadata: Metadata
    spec: Spec
    status: Status = Field(default_factory=Status)


def parse(obj: dict[str, Any]) -> ModelBundle:
    """The model of an object as the API server returns it; Terminal when a CRD of another version let it through.

    A field of the status that another version wrote and this one cannot read counts as unset: it is written again. Only
    that field, as a clone's content is in another one.
    """
    refuse_unreadable(obj)
    status = _readable(obj.get("status") or {})
    try:
        return ModelBundle.model_validate({**obj, "status": status})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "value_error":  # ours, of what no CRD can say
            raise Terminal(Reason.INVALID_VALUE, f"{where} {first['ctx']['error']}.") from None
        raise Terminal(
            Reason.INVALID_VALUE,
            f"{where}: {first['msg']}. The API server accepted what this operator cannot read: the installed CRD is of"
            " another version. Apply the CRDs of the operator's release (crds/).",
        ) from None


def refuse_unreadable(obj: dict[str, Any]) -> None:
    """Terminal when the object is so deep or so large that only an outline of it was kept."""
    if why := obj.get(UNREADABLE):
        raise Terminal(why["reason"], why["message"])


def _readable(status: dict[str, Any]) -> Status:
    try:
        return Status.model_validate(status)
    except ValidationError as error:
        bad = {detail["loc"][0] for detail in error.errors(include_url=False)}
        return Status.model_validate({name: value for name, value in status.items() if name not in bad})
