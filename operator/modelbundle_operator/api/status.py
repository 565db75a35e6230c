"""`status`: what the operator reports. Written in one place (judge/status.py) and by the operator alone."""

from typing import Annotated, Literal

from pydantic import Field

from bundle_runtime.contract.layer import LONGEST_NAME, MAX_URI, MOST_NAMES
from modelbundle_operator.api.base import INT32, INT64, TIME, ApiModel
from modelbundle_operator.api.bundle import DOCUMENT_MAX

ANCESTORS_MAX = 64

Text = Annotated[str, Field(max_length=1024)]
Digest = Annotated[str, Field(max_length=71)]


class Condition(ApiModel):
    """One aspect of the bundle's state, as the Kubernetes API conventions have it."""

    type: str = Field(max_length=64, pattern=r"^[A-Za-z]+$", description="Ready, Resolved, ArtifactVerified, ...")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    reason: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z]+$", description="Why, in one word.")
    message: str = Field(default="", max_length=8192, description="What happened, where, and what to do next.")
    last_transition_time: str = Field(max_length=64, description="When status last changed.", json_schema_extra=TIME)
    observed_generation: int = Field(
        default=0, ge=0, description="metadata.generation that this was judged for.", json_schema_extra=INT64
    )


class Base(ApiModel):
    """The base of a clone, as it was when the clone was resolved."""

    name: str = Field(max_length=63, description="Name of the base.")
    uid: str = Field(max_length=64, description="UID of the base.")
    digest: Digest = Field(description="status.digest of the base.")


class Resolved(ApiModel):
    """A clone's content, fixed when it was first resolved: from then on the clone needs its base no more."""

    of: str | None = Field(
        default=None,
        max_length=64,
        description="Hash of the spec.bundle that this was resolved from; with another one the record counts as none.",
    )
    base: Base | None = None
    uri: str | None = Field(default=None, max_length=2048, description="The artifact's URI.")
    document: str | None = Field(
        default=None, max_length=DOCUMENT_MAX, description="The bundle document, canonical JSON."
    )
    ancestors: list[Annotated[str, Field(max_length=63)]] | None = Field(
        default=None,
        max_length=ANCESTORS_MAX,
        description="The line of bases, the nearest first; of a longer line the nearest ones, and the root at the end.",
    )
    depth: int | None = Field(default=None, ge=0, description="How many bases the line has.", json_schema_extra=INT32)


class Endpoint(ApiModel):
    """Where the bundle answers."""

    url: str | None = Field(
        default=None, max_length=512, description="URL inside the cluster; POST /predict is below it."
    )


class Requirements(ApiModel):
    """What install found missing and installed."""

    digest: Digest | None = Field(default=None, description="Digest of the list of what was installed.")
    count: int | None = Field(default=None, ge=0, description="How many distributions.", json_schema_extra=INT32)
    files: Digest | None = Field(default=None, description="Digest of the same list with the hash of each file.")
    from_source: list[Annotated[str, Field(max_length=LONGEST_NAME)]] | None = Field(
        default=None,
        max_length=MOST_NAMES,
        description="Those built from source, of many the first: only wheels are promised to be reproducible.",
    )


class Lineage(ApiModel):
    """Where the bundle comes from. A bundle of its own is the root of its family."""

    root: str | None = Field(default=None, max_length=63, description="The first bundle of the line.")
    parent: str | None = Field(default=None, max_length=63, description="The bundle that it was cloned from.")
    depth: int | None = Field(
        default=None, ge=0, description="Clones from the root to this one; 0 is the root.", json_schema_extra=INT32
    )
    changed: list[Annotated[str, Field(max_length=64)]] | None = Field(
        default=None, max_length=32, description="Fields of spec.bundle that differ from the parent."
    )


class LastFailure(ApiModel):
    """The first failure since the bundle was last Ready, and how often it has come."""

    reason: str | None = Field(default=None, max_length=128, description="Why, in one word.")
    container: str | None = Field(default=None, max_length=63, description="Container that failed.")
    exit_code: int | None = Field(default=None, description="Its exit code.", json_schema_extra=INT32)
    message: str | None = Field(default=None, max_length=8192, description="What it said.")
    time: str | None = Field(default=None, max_length=64, description="When it first happened.", json_schema_extra=TIME)
    count: int | None = Field(default=None, ge=0, description="How often.", json_schema_extra=INT32)


class Layer(ApiModel):
    """The installed requirements as one object beside an artifact, for every pod and clone; or why there is none."""

    # of what the bundles of a namespace say of the same inputs the newest counts
    inputs: Digest = Field(description="Hash of image, requirements, package indexes, bucket and keys.")
    digest: str | None = Field(
        default=None, max_length=71, pattern=r"^sha256:[0-9a-f]{64}$", description="The layer's name, of its files."
    )
    sha256: str | None = Field(
        default=None,
        max_length=64,
        pattern=r"^[0-9a-f]{64}$",
        description="Of the packed file; alone, that of one that was lost.",
    )
    uri: str | None = Field(
        default=None,
        max_length=MAX_URI,
        pattern=r"^s3://.+/layers/[0-9a-f]{64}\.tar\.zst$",
        description="Where the packed file is; only set where there is a layer.",
    )
    bytes: int | None = Field(default=None, ge=1, description="Size of the packed file.", json_schema_extra=INT64)
    message: Text | None = Field(default=None, description="Why there is none.")
    time: str = Field(max_length=64, description="When it was made, or was found missing.", json_schema_extra=TIME)


class Retry(ApiModel):
    """Pods that cannot start are removed, so that they hold no GPU, and made again later."""

    count: int = Field(ge=1, description="How often in a row they were removed.", json_schema_extra=INT32)
    at: str = Field(max_length=64, description="When they are made again.", json_schema_extra=TIME)


class Status(ApiModel):
    """What the operator observed."""

    observed_generation: int = Field(
        default=-1, ge=-1, description="metadata.generation that this status describes.", json_schema_extra=INT64
    )
    conditions: list[Condition] | None = Field(
        default=None,
        max_length=16,
        description="Ready sums the others up.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    digest: Digest | None = Field(
        default=None,
        description="What was asked to run: sha256 of the bundle document, spec.bundle with all that it inherits.",
    )
    resolved: Resolved | None = None
    image: Text | None = Field(default=None, description="Image of the worker, as asked for.")
    image_id: Text | None = Field(
        default=None, alias="imageID", description="Image of the worker that first ran, with its digest."
    )
    requirements: Requirements | None = None
    endpoint: Endpoint | None = None
    replicas: int | None = Field(default=None, ge=0, description="Pods that exist.", json_schema_extra=INT32)
    ready_replicas: int | None = Field(
        default=None, ge=0, description="Pods that answer; of this digest, where it is known.", json_schema_extra=INT32
    )
    selector: Text | None = Field(default=None, description="Label selector of the pods, for the scale subresource.")
    lineage: Lineage | None = None
    last_failure: LastFailure | None = None
    retry: Retry | None = None
    checked: Digest | None = Field(
        default=None,
        description="Hash of artifact, image, requirements and keys that have been tried without a GPU, and are good.",
    )
    layer: Layer | None = None
    startup: dict[str, Annotated[float, Field(ge=0)]] | None = Field(
        default=None, max_length=32, description="Seconds that each phase of the last start took."
    )
    slowest: Annotated[str, Field(max_length=128)] | None = Field(
        default=None, description="The longest of them, in words."
    )
