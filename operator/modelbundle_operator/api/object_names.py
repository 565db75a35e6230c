"""What Kubernetes takes as the name of an object and as a label, and how a bundle names an object."""

from typing import Annotated

from pydantic import Field

from modelbundle_operator.api.base import ApiModel

OBJECT_NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
QUALIFIED_KEY = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"
LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$"

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=OBJECT_NAME)]
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]


class LocalObject(ApiModel):
    """A Secret or ConfigMap of the bundle's namespace."""

    name: ObjectName = Field(description="Name of the object.")
    optional: bool | None = Field(default=None, description="Start without it when it does not exist.")
