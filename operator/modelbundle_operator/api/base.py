"""What every API model has in common, and how a field carries what only the CRD can say.

Types, defaults and bounds are pydantic's own. CEL rules and other schema keywords travel in `json_schema_extra`, so a
field stands with everything that holds for it in one place.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic.types import JsonValue

# an object as the API server writes it, or a part of one
Body = dict[str, Any]

RULES_KEY: Final = "x-kubernetes-validations"
# of a field, for its `json_schema_extra`
INT32: Final[dict[str, JsonValue]] = {"format": "int32"}
INT64: Final[dict[str, JsonValue]] = {"format": "int64"}
TIME: Final[dict[str, JsonValue]] = {"format": "date-time"}


@dataclass(frozen=True)
class Rule:
    """A CEL rule that the API server enforces; the message tells the user what to do."""

    rule: str
    message: str


class ApiModel(BaseModel):
    """camelCase outside, snake_case inside, no coercion; unknown fields are dropped as the API server drops them."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        strict=True,
        extra="ignore",
        coerce_numbers_to_str=False,
    )

    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _null_is_unset(cls, data: Any) -> Any:
        """As the API server has it: it drops the nulls of fields that are not nullable, and none of ours is."""
        if not isinstance(data, dict) or None not in data.values():
            return data
        names = {field.alias for field in cls.model_fields.values()}
        return {key: value for key, value in data.items() if value is not None or key not in names}


def rules(*items: Rule) -> dict[str, JsonValue]:
    """CEL rules as a schema keyword, for `json_schema_extra` of a field."""
    return {RULES_KEY: [{"rule": item.rule, "message": item.message} for item in items]}
