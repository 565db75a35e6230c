"""A bundle in the user's hands: what it was made of, and what can be done with it."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional

from bundle_spec.names import ConditionType
from launch.errors import InvalidBundleError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

_SHOWN = ("name", "id", "env_params", "requirements", "app_config", "location", "created_at")


@dataclass(repr=False)
class ModelBundle:
    """`name` is what it was created as, `id` the name of its object in the cluster (`kubectl get mbun ID`).

    `ModelBundle("name")` may stand for the newest bundle of that name wherever one is taken.
    """

    name: str
    id: Optional[str] = None
    env_params: Optional[Dict[str, Any]] = None
    location: Optional[str] = None
    metadata: Optional[Dict[str, Any]] = None
    packaging_type: Optional[str] = None
    requirements: Optional[List[str]] = None
    app_config: Optional[Dict[str, Any]] = None
    created_at: Optional[str] = None
    digest: Optional[str] = None
    _connection: Optional["Connection"] = field(default=None, init=False, compare=False)

    @property
    def model_bundle_id(self) -> Optional[str]:
        """The second API's name of `id`."""
        return self.id

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelBundle":
        """Keys that are not fields are left out."""
        known = {item.name for item in fields(cls) if item.init}
        return cls(**{name: value for name, value in values.items() if name in known})

    def to_dict(self) -> Dict[str, Any]:
        """All fields, without the connection."""
        return {name: value for name, value in asdict(_bare(self)).items() if not name.startswith("_")}

    def __str__(self) -> str:
        return f"ModelBundle(bundle_name={self.name})"

    def __repr__(self) -> str:
        return f"ModelBundle(name={self.name!r}, id={self.id!r})"

    def _repr_html_(self) -> str:
        values = self.to_dict()
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td>{html.escape(str(values[name]))}</td></tr>"
            for name in _SHOWN
            if values[name] is not None
        )
        return f"<table>{rows}</table>"

    def deploy(
        self,
        replicas: int = 1,
        gpus: Optional[int] = None,
        cpus: Any = None,
        memory: Optional[str] = None,
        storage: Optional[str] = None,
        gpu_type: Optional[str] = None,
        max_concurrency: Optional[int] = None,
    ) -> "ModelBundle":
        """Serve the bundle under its own id: `replicas` pods with `gpus` GPUs each (0: on CPU; 1 where never given).

        `cpus` are cores (0.5 or "500m"), `memory` and `storage` quantities such as "8Gi"; what is not given stays as it
        was. Returns at once: `wait()` waits. `create_model_endpoint` gives callers a name that outlives this bundle.
        """
        from launch.cluster import serving

        wanted = serving.serving_fields(
            replicas=replicas, gpus=gpus, cpus=cpus, memory=memory, storage=storage, max_concurrency=max_concurrency
        )
        serving.deploy(self._there(), str(self.id), wanted, gpu_type)
        return self

    def wait(self, timeout: float = 600, condition: str = ConditionType.READY.value) -> "ModelBundle":
        """Until the condition holds (TYPE or TYPE=STATUS), telling on stderr what happens meanwhile; `timeout` in
        seconds. BundleFailedError when it cannot come to that, WaitTimeoutError when it did not in time."""
        from launch.cluster.waiting import say, wait

        wait(self._there(), str(self.id), condition, timeout, say)
        return self

    def predict(self, request: Optional[Mapping[str, Any]] = None, /, *, timeout: float = 120, **fields: Any) -> Any:
        """The prediction for the request's fields, given as a dict or as keywords; PredictionError when it failed.

        It goes through the API server's proxy, or in a pod to the Service itself; `timeout` in seconds.
        """
        from launch.cluster.prediction import predict

        return predict(self._there(), str(self.id), {**(request or {}), **fields}, timeout).value

    def stream(
        self, request: Optional[Mapping[str, Any]] = None, /, *, timeout: float = 120, **fields: Any
    ) -> Iterator[Any]:
        """The items of a predict_fn that yields, each as it comes; one item where it returns.

        Called like `predict`; `timeout` is for each item. Ending the loop ends the function's generator.
        """
        from launch.cluster.streaming import stream

        return stream(self._there(), str(self.id), {**(request or {}), **fields}, timeout)

    def logs(self, container: str = "worker", tail: Optional[int] = None) -> str:
        """What the container wrote in each pod that is there; `tail` last lines of each."""
        return self._there().logs(str(self.id), container, tail)

    def conditions(self) -> Dict[str, Mapping[str, Any]]:
        """By type, as they are now: status, reason, message, lastTransitionTime."""
        from launch.bundle.conditions import conditions

        return conditions(self._there().get(str(self.id)))

    def delete(self) -> None:
        """Remove the bundle and its pods from the cluster. The artifact stays in the store: others may name it."""
        self._there().delete(str(self.id))

    def _there(self) -> "Connection":
        if self._connection is None or self.id is None:
            raise InvalidBundleError(
                f"{self!r} is a name only: client.get_model_bundle({self.name!r}) gives the bundle in the cluster"
            )
        return self._connection


def _bare(bundle: ModelBundle) -> ModelBundle:
    """Without the connection, which asdict() would copy."""
    return ModelBundle.from_dict({item.name: getattr(bundle, item.name) for item in fields(bundle)})


CreateModelBundleV2Response = ModelBundle  # what the second API's create methods return; it has model_bundle_id


@dataclass(frozen=True)
class BundleFlavor:
    """How the bundle is packed: `flavor` is cloudpickle_artifact or zip_artifact; `framework` are its env_params."""

    flavor: Optional[str]
    framework: Dict[str, Any]
    requirements: List[str]
    location: Optional[str]
    app_config: Optional[Dict[str, Any]]
    load_predict_fn: Optional[str] = None
    load_model_fn: Optional[str] = None
    load_predict_fn_module_path: Optional[str] = None
    load_model_fn_module_path: Optional[str] = None


@dataclass(frozen=True)
class ModelBundleV2Response:
    """`bundle` is the same with methods; the schemas lie in the bundle itself, so schema_location is None."""

    id: str
    name: str
    metadata: Dict[str, Any]
    created_at: datetime
    flavor: BundleFlavor
    model_artifact_ids: List[str] = field(default_factory=list)
    schema_location: Optional[str] = None
    bundle: Optional[ModelBundle] = field(default=None, repr=False, compare=False)

    @property
    def model_bundle_id(self) -> str:
        """The second API's name of `id`."""
        return self.id


@dataclass(frozen=True)
class ListModelBundlesV2Response:
    """The newest first."""

    model_bundles: List[ModelBundleV2Response]
