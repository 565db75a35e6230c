"""`ModelEndpoint`: the small mutable object that gives immutable bundles a stable name.

To upgrade is to create another bundle and to change one line here. Weights between bundles are to come beside `bundle`.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from bundle_spec.names import ENDPOINT_KIND as ENDPOINT_KIND
from bundle_spec.names import ENDPOINT_PLURAL as ENDPOINT_PLURAL
from modelbundle_operator.api.base import INT64, TIME, ApiModel, Rule
from modelbundle_operator.api.bundle import NAME, NAME_MAX
from modelbundle_operator.api.names import API_VERSION, Condition, Metadata, Reason, refuse_unreadable
from modelbundle_operator.api.status import Digest, Endpoint
from modelbundle_operator.errors import Terminal

ENDPOINT_NAME_MAX: Final = 63

ENDPOINT_NAME_RULES: Final = (
    Rule(
        f"size(self.metadata.name) <= {ENDPOINT_NAME_MAX} && self.metadata.name.matches('{NAME}')",
        f"metadata.name must be a DNS-1035 label of at most {ENDPOINT_NAME_MAX} characters (lowercase letters, digits"
        " and -, a letter first), as it names the Service",
    ),
    Rule(
        "self.metadata.name != self.spec.bundle",
        "a ModelEndpoint cannot have the name of its bundle: each needs a Service of its name, and they would wait for"
        " each other. Name the endpoint after what callers know it by, and the bundle with its version",
    ),
)

Name = Annotated[str, Field(max_length=63)]


class EndpointSpec(ApiModel):
    """Which bundle is to answer under the endpoint's name. May change at any time."""

    bundle: str = Field(
        min_length=1,
        max_length=NAME_MAX,
        pattern=NAME,
        description="Name of a ModelBundle in this namespace. The endpoint moves to it once it is Ready.",
    )


class Moving(ApiModel):
    """A move that has begun: new connections go to `to`, those that clients keep open may still end at `from`."""

    from_: Name | None = Field(default=None, alias="from", description="The bundle that answered before.")
    to: Name | None = Field(default=None, description="The bundle that answers every new connection.")
    until: str | None = Field(
        default=None,
        max_length=64,
        description="No connection to the former bundle is left then at the latest.",
        json_schema_extra=TIME,
    )


class EndpointStatus(ApiModel):
    """What the operator observed."""

    observed_generation: int = Field(
        default=-1, ge=-1, description="metadata.generation that this status describes.", json_schema_extra=INT64
    )
    conditions: list[Condition] | None = Field(
        default=None,
        max_length=16,
        description="Ready, and Reconciling or Stalled while that is so.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    bundle: Name | None = Field(
        default=None, description="The only bundle that answers, kept-alive connections too. Absent during a move."
    )
    digest: Digest | None = Field(default=None, description="status.digest of that bundle.")
    moving: Moving | None = None
    endpoint: Endpoint | None = None


class ModelEndpoint(BaseModel):
    """A stable name for one ModelBundle at a time; it moves to another only when that one is Ready."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    metadata: Metadata
    spec: EndpointSpec
    status: EndpointStatus = Field(default_factory=EndpointStatus)


def parse_endpoint(obj: dict[str, Any]) -> ModelEndpoint:
    """The model of an object as the API server returns it; a status that cannot be read counts as none."""
    assert obj["apiVersion"] == API_VERSION
    refuse_unreadable(obj)
    try:
        status = EndpointStatus.model_validate(obj.get("status") or {})
    except ValidationError:
        status = EndpointStatus()
    try:
        return ModelEndpoint.model_validate({**obj, "status": status})
    except ValidationError as error:
        raise Terminal(Reason.INVALID_VALUE, f"{error.errors(include_url=False)[0]['msg']}: apply crds/.") from None
