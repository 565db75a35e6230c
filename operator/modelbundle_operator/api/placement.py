"""`spec.serving.topologySpread`: how the pods of a bundle are spread over nodes or zones."""

from typing import Final, Literal

from pydantic import Field

from modelbundle_operator.api.base import INT32, ApiModel, Rule
from modelbundle_operator.api.object_names import QUALIFIED_KEY

SPREAD_RULES: Final = (
    Rule(
        "self.all(e, self.exists_one(other, other.topologyKey == e.topologyKey))",
        "topologySpread has a topologyKey twice: give each key one entry",
    ),
)


class TopologySpread(ApiModel):
    """Spreads the bundle's pods of one roll-out evenly over the values of a node label."""

    topology_key: str = Field(
        min_length=1,
        max_length=317,
        pattern=QUALIFIED_KEY,
        description="Label of nodes, such as kubernetes.io/hostname or topology.kubernetes.io/zone.",
    )
    max_skew: int = Field(
        default=1,
        ge=1,
        le=10000,
        description="How many more pods one value may have than another.",
        json_schema_extra=INT32,
    )
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"] = Field(
        default="ScheduleAnyway", description="What happens to a pod that would break it."
    )
