"""`spec.serving.env`: single keys of Secrets and ConfigMaps as environment variables of the worker."""

from typing import ClassVar

from pydantic import Field

from modelbundle_operator.api.base import ApiModel, Rule, rules
from modelbundle_operator.api.bundle import ENV_NAME, ENV_NAME_RULES
from modelbundle_operator.api.object_names import LocalObject


class KeyRef(LocalObject):
    """A key of a Secret or ConfigMap of the bundle's namespace."""

    key: str = Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._-]+$", description="Key in it.")


class KeySource(ApiModel):
    """Where the value comes from."""

    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.secretKeyRef) != has(self.configMapKeyRef)",
            "valueFrom needs exactly one of secretKeyRef and configMapKeyRef",
        ),
    )


class KeyEnvVar(ApiModel):
    """An environment variable whose value is a key of a Secret or ConfigMap."""

    name: str = Field(
        min_length=1,
        max_length=128,
        pattern=ENV_NAME,
        description="Name, which spec.bundle.env has not.",
        json_schema_extra=rules(*ENV_NAME_RULES),
    )
    value_from: KeySource = Field(description="Where the value comes from. Plain values belong into spec.bundle.env.")
