"""`status` as it is written: the JSON objects of api/status.py and api/endpoint.py, for what puts them together.

The pydantic models read and make the CRD; these name the same fields to the type checker. A test holds them together.
"""

from typing import TypedDict


class ConditionFields(TypedDict):
    """One condition; `lastTransitionTime` is RFC 3339."""

    type: str
    status: str
    reason: str
    message: str
    lastTransitionTime: str
    observedGeneration: int


class AddressFields(TypedDict, total=False):
    """Where requests go: `url` without the path."""

    url: str


class RequirementsFields(TypedDict, total=False):
    """What install put in place: the digest of the list, how many distributions it has, the digest of the list with
    hashes, and what was built from source."""

    digest: str
    count: int
    files: str
    fromSource: list[str]


class LineageFields(TypedDict, total=False):
    """Where the bundle comes from."""

    root: str
    parent: str
    depth: int
    changed: list[str]


class BaseFields(TypedDict):
    """The base of a clone when it was resolved."""

    name: str
    uid: str
    digest: str


class ResolvedFields(TypedDict, total=False):
    """What a clone was resolved to."""

    of: str
    base: BaseFields
    uri: str
    document: str
    ancestors: list[str]
    depth: int


class LastFailureFields(TypedDict, total=False):
    """The first failure since the bundle was last complete; `time` is RFC 3339."""

    reason: str
    container: str
    exitCode: int
    message: str
    time: str
    count: int


class LayerFields(TypedDict, total=False):
    """The requirements as one object, for every pod that needs the same; or why there is none (RFC 3339 `time`)."""

    inputs: str
    digest: str
    sha256: str
    uri: str
    bytes: int
    message: str
    time: str


class RetryFields(TypedDict):
    """Pods that are held back: how often in a row, and until when (RFC 3339)."""

    count: int
    at: str


# a move that has begun: names of bundles, and when the former one answers no more; `from` is a word of Python
MovingFields = TypedDict("MovingFields", {"from": str, "to": str, "until": str}, total=False)


class CommonStatusFields(TypedDict, total=False):
    """What both kinds say."""

    observedGeneration: int
    conditions: list[ConditionFields]
    digest: str
    endpoint: AddressFields


class StatusFields(CommonStatusFields, total=False):
    """Of a ModelBundle; `startup` has the seconds of each phase of the last start, `slowest` names the longest."""

    resolved: ResolvedFields
    image: str
    imageID: str
    requirements: RequirementsFields
    replicas: int
    readyReplicas: int
    selector: str
    lineage: LineageFields
    lastFailure: LastFailureFields
    retry: RetryFields
    checked: str
    layer: LayerFields
    startup: dict[str, float]
    slowest: str


class EndpointStatusFields(CommonStatusFields, total=False):
    """Of a ModelEndpoint."""

    bundle: str
    moving: MovingFields
