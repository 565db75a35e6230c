"""The names that users and other programs see: group, kinds, labels, annotations, conditions and reasons.

Operator, client and the containers of a pod all take them from here, so that an object, a message and a page of the
docs share their words. Copied into the user's image: standard library only, Python 3.8. Pure.
"""

from __future__ import annotations

from enum import Enum

GROUP = "modelbundle.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "ModelBundle"
PLURAL = "modelbundles"
CRD_NAME = f"{PLURAL}.{GROUP}"
ENDPOINT_KIND = "ModelEndpoint"
ENDPOINT_PLURAL = "modelendpoints"

FIELD_MANAGER = "modelbundle-operator"
MANAGED_BY = FIELD_MANAGER

# labels of what the operator makes for a bundle or an endpoint
LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
LABEL_BUNDLE = f"{GROUP}/bundle"
LABEL_DIGEST = f"{GROUP}/digest"
LABEL_ROOT = f"{GROUP}/root"
LABEL_ENDPOINT = f"{GROUP}/endpoint"

# its annotations
ANNOTATION_INPUTS = f"{GROUP}/inputs"
ANNOTATION_TEMPLATE = f"{GROUP}/template"
ANNOTATION_ROLLOUT_TOKEN = f"{GROUP}/rollout-token"
ANNOTATION_MOVED_FROM = f"{GROUP}/moved-from"
ANNOTATION_MOVED_AT = f"{GROUP}/moved-at"
ANNOTATION_MOVED_UNTIL = f"{GROUP}/moved-until"
ANNOTATION_MOVED_IDLE = f"{GROUP}/moved-idle-seconds"

# what the client writes on the bundles that it creates
BUNDLE_NAME = f"{GROUP}/bundle-name"  # label and annotation
OWNER = f"{GROUP}/owner"  # label and annotation
CREATED_AT = f"{GROUP}/created-at"  # annotation
METADATA = f"{GROUP}/metadata"  # annotation
SERVED_FOR = f"{GROUP}/served-for"  # label of a bundle: the endpoint that the client serves with it
MADE_FOR = f"{GROUP}/made-for"  # annotation of a clone that exists for an endpoint alone
ENDPOINT_TYPE = f"{GROUP}/endpoint-type"  # annotation of an endpoint: streaming; the client's predict() is then another


class _Name(str, Enum):
    """A name is its text wherever it is printed, as with StrEnum, which Python 3.8 lacks."""

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class ConditionType(_Name):
    """`Ready` sums the others up; `Reconciling` and `Stalled` are present only while true (kstatus)."""

    READY = "Ready"
    RESOLVED = "Resolved"
    ARTIFACT_VERIFIED = "ArtifactVerified"
    REQUIREMENTS_READY = "RequirementsReady"
    AVAILABLE = "Available"
    REPRODUCIBLE = "Reproducible"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class Reason(_Name):
    """Every reason that a condition can carry; docs/reference/conditions.md says for each what to do next."""

    # all is well
    STORED = "Stored"
    SERVING = "Serving"
    COMPLETED = "Completed"
    UNCHANGED = "Unchanged"
    NO_REQUIREMENTS = "NoRequirements"
    LAYER_MISMATCH = "LayerMismatch"
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
    # prepare says, in its report
    ARTIFACT_NOT_FOUND = "ArtifactNotFound"
    STORE_UNREACHABLE = "StoreUnreachable"
    STORE_ACCESS_DENIED = "StoreAccessDenied"
    ARTIFACT_DIGEST_MISMATCH = "ArtifactDigestMismatch"
    ARTIFACT_UNSAFE = "ArtifactUnsafe"
    BUNDLE_DOCUMENT_MISMATCH = "BundleDocumentMismatch"
    # install says
    REQUIREMENT_NOT_FOUND = "RequirementNotFound"
    REQUIREMENTS_CONFLICT = "RequirementsConflict"
    INSTALL_FAILED = "InstallFailed"
    INDEX_UNREACHABLE = "IndexUnreachable"
    # the worker says
    PYTHON_MISMATCH = "PythonMismatch"
    UNPICKLE_FAILED = "UnpickleFailed"
    LOAD_FUNCTION_NOT_FOUND = "LoadFunctionNotFound"
    LOAD_FAILED = "LoadFailed"
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
    # another client changes what the operator makes
    CONTENDED = "Contended"
    # the operator itself failed
    INTERNAL_ERROR = "InternalError"
