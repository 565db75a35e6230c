"""What the containers of a pod ask for and may use, and how large their disks may be."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from modelbundle_operator.api.base import ApiModel

QUANTITY = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3}|[numkMGTPE]|[KMGTPE]i)?$"


def _as_written(value: Any) -> Any:
    """A number or a text, as YAML has it: 1e9 and 2.0 are the whole numbers that they are written for."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError('is not a quantity: write a number or a text, such as 2, 0.5, "500m" or "8Gi"')  # noqa: TRY004
    return int(value) if isinstance(value, float) and value.is_integer() else value


# the CRD cannot say "number or string", so what is neither is found here
Quantity = Annotated[
    Annotated[int, Field(ge=0)]
    | Annotated[float, Field(ge=0, allow_inf_nan=False)]
    | Annotated[str, Field(max_length=32, pattern=QUANTITY)],
    BeforeValidator(_as_written),
]


class Resources(ApiModel):
    """CPU, memory and disk of the worker of each replica."""

    cpu: Quantity | None = Field(
        default=None,
        description='CPU that the worker asks for, such as 2, 0.5 or "500m". It may use more when there is some.'
        " Libraries start a thread for each, unless OMP_NUM_THREADS is set.",
    )
    memory: Quantity | None = Field(
        default=None, description='Memory that the worker gets, such as "8Gi": request and limit, /dev/shm included.'
    )
    ephemeral_storage: Quantity | None = Field(
        default=None,
        description='Disk, such as "20Gi": request and limit of the artifact, requirements, /tmp and logs.',
    )
    cpu_limit: Quantity | None = Field(
        default=None,
        description="CPU that the worker may use at most; without it, all that is free. prepare and install have the"
        " same limit then, and the server its own: for namespaces with a quota on limits.cpu.",
    )


class ServerResources(ApiModel):
    """CPU and memory of the HTTP front of each replica."""

    cpu: Quantity | None = Field(
        default=None, description="CPU that the server asks for; 50m when not set. It may use more when there is some."
    )
    memory: Quantity | None = Field(
        default=None,
        description="Memory that the server may use. When not set: 16 times maxRequestBytes, at least 1Gi.",
    )
    cpu_limit: Quantity | None = Field(
        default=None,
        description="CPU that the server may use at most. When not set: 1, or cpu if that is more, where"
        " resources.cpuLimit is set; else no limit.",
    )


class PrepareResources(ApiModel):
    """CPU and memory of prepare, which fetches the artifact, for namespaces whose LimitRange forbids the defaults."""

    cpu: Quantity | None = Field(default=None, description="CPU that prepare asks for; 50m when not set.")
    memory: Quantity | None = Field(
        default=None, description="Memory of prepare: request and limit. When not set: 128Mi and 1Gi."
    )


class SizeLimits(ApiModel):
    """Largest sizes of the directories that a pod has on its node's disk. A pod that exceeds one is evicted."""

    artifact: Quantity | None = Field(default=None, description="Of the artifact and what it is unpacked to.")
    requirements: Quantity | None = Field(default=None, description="Of installed requirements, and of install's /tmp.")
    tmp: Quantity | None = Field(default=None, description="Of the worker's /tmp, HOME and caches included.")
    shm: Quantity | None = Field(
        default=None, description="Of /dev/shm, in memory. When not set: resources.memory, or 2Gi."
    )
