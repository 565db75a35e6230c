"""The names and shapes that users see: one place, so that CRD, code, labels and docs share their words.

The models carry the structural schema of the CRD (tools/crd.py generates it from them) together with its CEL rules. The
API server has checked both before the operator sees an object, so parsing here is strict about types and repeats no
rule.
"""

from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from bundle_runtime.contract import report
from modelbundle_operator.api.base import ApiModel, Rule, rules
from modelbundle_operator.api.bundle import Artifact, Bundle, CloneFrom, CustomBaseImage, EnvParams, EnvVar
from modelbundle_operator.api.serving import EnvFromSource, Gpu, LocalObject, Resources, Rollout, Serving, Toleration
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
    "ANNOTATION_INPUTS", "ANNOTATION_MOVED_AT", "ANNOTATION_MOVED_FROM", "ANNOTATION_MOVED_UNTIL",
    "ANNOTATION_ROLLOUT_TOKEN", "ANNOTATION_TEMPLATE", "API_VERSION", "CONFIG_KEY", "CRD_NAME", "FIELD_MANAGER",
    "GROUP", "KIND", "LABEL_BUNDLE", "LABEL_DIGEST", "LABEL_ENDPOINT", "LABEL_MANAGED_BY", "LABEL_ROOT", "MANAGED_BY",
    "PLURAL", "SERVICE_PORT", "UNREADABLE", "VERSION",
    "Artifact", "Base", "Bundle", "CloneFrom", "Condition", "ConditionType", "CustomBaseImage", "Endpoint",
    "EnvFromSource", "EnvParams", "EnvVar", "Gpu", "LastFailure", "Lineage", "LocalObject", "Metadata", "ModelBundle",
    "Reason", "Requirements", "Resolved", "Resources", "Rollout", "Serving", "Spec", "Status", "Toleration", "parse",
    "refuse_unreadable",
]  # fmt: skip

GROUP: Final = "modelbundle.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "ModelBundle"
PLURAL: Final = "modelbundles"
CRD_NAME: Final = f"{PLURAL}.{GROUP}"

FIELD_MANAGER: Final = "modelbundle-operator"
MANAGED_BY: Final = FIELD_MANAGER

LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
LABEL_BUNDLE: Final = f"{GROUP}/bundle"
LABEL_DIGEST: Final = f"{GROUP}/digest"
LABEL_ROOT: Final = f"{GROUP}/root"
LABEL_ENDPOINT: Final = f"{GROUP}/endpoint"

ANNOTATION_INPUTS: Final = f"{GROUP}/inputs"
ANNOTATION_TEMPLATE: Final = f"{GROUP}/template"
ANNOTATION_ROLLOUT_TOKEN: Final = f"{GROUP}/rollout-token"
ANNOTATION_MOVED_FROM: Final = f"{GROUP}/moved-from"
ANNOTATION_MOVED_AT: Final = f"{GROUP}/moved-at"
ANNOTATION_MOVED_UNTIL: Final = f"{GROUP}/moved-until"

# beside metadata, spec and status of a body: why the operator keeps an outline of the object only (kube/decoding.py)
UNREADABLE: Final = "unreadable"

CONFIG_KEY: Final = "bundle.json"
SERVICE_PORT: Final = 80


class ConditionType(StrEnum):
    """`Ready` sums the others up; `Reconciling` and `Stalled` are present only while true (kstatus)."""

    READY = "Ready"
    RESOLVED = "Resolved"
    ARTIFACT_VERIFIED = "ArtifactVerified"
    REQUIREMENTS_READY = "RequirementsReady"
    AVAILABLE = "Available"
    REPRODUCIBLE = "Reproducible"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Reason(StrEnum):
    """Every reason that a condition can carry; docs/reference/conditions.md says for each what to do next."""

    # all is well
    STORED = "Stored"
    SERVING = "Serving"
    COMPLETED = report.COMPLETED
    UNCHANGED = "Unchanged"
    NO_REQUIREMENTS = "NoRequirements"
    SCALED_TO_ZERO = "ScaledToZero"
    # a ModelEndpoint says
    MOVING = "Moving"
    BUNDLE_NOT_FOUND = "BundleNotFound"
    BUNDLE_NOT_READY = "BundleNotReady"
    # on the way
    PROGRESSING = "Progressing"
    WAITING_FOR_CAPACITY = "WaitingForCapacity"
    # an edit by the user is needed
    NAME_CONFLICT = "NameConflict"
    INVALID_SCHEMA = "InvalidSchema"
    INVALID_VALUE = "InvalidValue"
    TOO_LARGE = "TooLarge"
    # what runs is not what ran first
    IMAGE_MOVED = "ImageMoved"
    REQUIREMENTS_MOVED = "RequirementsMoved"
    # a clone's base
    BASE_NOT_FOUND = "BaseNotFound"
    BASE_NOT_RESOLVED = "BaseNotResolved"
    BASE_CHANGED = "BaseChanged"
    CLONE_CYCLE = "CloneCycle"
    # prepare says; what containers say has its words from their reports
    ARTIFACT_NOT_FOUND = report.ARTIFACT_NOT_FOUND
    STORE_UNREACHABLE = report.STORE_UNREACHABLE
    STORE_ACCESS_DENIED = report.STORE_ACCESS_DENIED
    ARTIFACT_DIGEST_MISMATCH = report.ARTIFACT_DIGEST_MISMATCH
    ARTIFACT_UNSAFE = report.ARTIFACT_UNSAFE
    BUNDLE_DOCUMENT_MISMATCH = report.BUNDLE_DOCUMENT_MISMATCH
    # install says
    REQUIREMENT_NOT_FOUND = report.REQUIREMENT_NOT_FOUND
    REQUIREMENTS_CONFLICT = report.REQUIREMENTS_CONFLICT
    INSTALL_FAILED = report.INSTALL_FAILED
    INDEX_UNREACHABLE = report.INDEX_UNREACHABLE
    # the worker says
    PYTHON_MISMATCH = report.PYTHON_MISMATCH
    UNPICKLE_FAILED = report.UNPICKLE_FAILED
    LOAD_FUNCTION_NOT_FOUND = report.LOAD_FUNCTION_NOT_FOUND
    LOAD_FAILED = report.LOAD_FAILED
    # the kubelet and the scheduler say
    OUT_OF_MEMORY = "OutOfMemory"
    STARTUP_TIMEOUT = "StartupTimeout"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    SECRET_NOT_FOUND = "SecretNotFound"
    WORKER_CRASHED = "WorkerCrashed"
    RUNTIME_CRASHED = "RuntimeCrashed"
    # the API server says
    PODS_REFUSED = "PodsRefused"
    APPLY_REFUSED = "ApplyRefused"
    # the operator itself failed
    INTERNAL_ERROR = "InternalError"


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

    A field of the status that another version wrote and this one cannot read counts as unset: it is written anew. Only
    that field, as a clone's content is in another one.
    """
    refuse_unreadable(obj)
    status = _readable(obj.get("status") or {})
    try:
        return ModelBundle.model_validate({**obj, "status": status})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
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
