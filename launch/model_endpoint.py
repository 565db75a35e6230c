"""Endpoints in the user's hands, what is sent to them and what comes back, in the original's shapes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Generator, Mapping, Optional

from bundle_spec.names import ENDPOINT_PLURAL, ENDPOINT_TYPE, ConditionType
from launch.bundle.endpoint_state import endpoint_status, replicas_of, resources_of
from launch.errors import InvalidBundleError, NotSupportedError, PredictionError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

SUCCESS, FAILURE = "SUCCESS", "FAILURE"
SYNC, STREAMING = "sync", "streaming"


@dataclass
class EndpointRequest:
    """What is sent: `args` are predict_fn's keyword arguments. Without `args` or `url` it is a ValueError."""

    url: Optional[str] = None
    args: Optional[Dict[str, Any]] = None
    callback_url: Optional[str] = None
    callback_auth_kind: Optional[str] = None
    callback_auth_username: Optional[str] = None
    callback_auth_password: Optional[str] = field(default=None, repr=False)
    callback_auth_cert: Optional[str] = field(default=None, repr=False)
    callback_auth_key: Optional[str] = field(default=None, repr=False)
    return_pickled: Optional[bool] = False
    request_id: Optional[str] = None
    extra_headers: Optional[Dict[str, str]] = None

    def __post_init__(self) -> None:
        if self.url is None and self.args is None:
            raise InvalidBundleError("an EndpointRequest needs args, the keyword arguments of predict_fn")
        if self.args is not None and not isinstance(self.args, Mapping):
            raise InvalidBundleError(f"args must be a dict, it is a {type(self.args).__name__}")


class EndpointResponse:
    """`status` is SUCCESS or FAILURE; `result` is {"result": TEXT}, the text being the prediction as JSON, as the
    original's sync endpoints give it; `value` is the prediction itself. On FAILURE `traceback` says what happened."""

    def __init__(
        self,
        client: Any,
        status: str,
        result_url: Optional[str] = None,
        result: Optional[Dict[str, str]] = None,
        traceback: Optional[str] = None,
        status_code: Optional[int] = None,
    ) -> None:
        self.client = client
        self.status = status
        self.result_url = result_url
        self.result = result
        self.traceback = traceback
        self.status_code = status_code

    @property
    def value(self) -> Any:
        """The prediction; None when there is none."""
        return None if self.result is None else json.loads(self.result["result"])

    def __repr__(self) -> str:
        outcome = {"status": self.status, "result": self.result, "traceback": self.traceback}
        said = ", ".join(f"{name}={value!r}" for name, value in outcome.items() if value is not None)
        return f"EndpointResponse({said}, status_code={self.status_code})"


@dataclass
class ModelEndpoint:
    """What is known of an endpoint: `status` is READY, UPDATE_PENDING, UPDATE_IN_PROGRESS, UPDATE_FAILED or
    DELETE_IN_PROGRESS; resource_state and deployment_state are of the bundle that serves it."""

    name: str
    id: Optional[str] = None
    bundle_name: Optional[str] = None
    status: Optional[str] = None
    resource_state: Optional[Dict[str, Any]] = None
    deployment_state: Optional[Dict[str, Any]] = None
    metadata: Optional[Dict[str, Any]] = None
    endpoint_type: str = "sync"
    configs: Optional[Dict[str, Any]] = None
    destination: Optional[str] = None
    post_inference_hooks: Optional[Any] = None
    default_callback_url: Optional[str] = None


class Endpoint:
    """An endpoint of the cluster; status(), resource_state() and deployment_state() ask again."""

    def __init__(self, model_endpoint: ModelEndpoint, client: Any) -> None:
        self.model_endpoint = model_endpoint
        self.client = client

    @property
    def name(self) -> str:
        """The name that callers use."""
        return self.model_endpoint.name

    def __str__(self) -> str:
        return f"{type(self).__name__}(endpoint_name={self.name})"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html

        known = self.model_endpoint
        rows = {"endpoint": known.name, "bundle": known.bundle_name, "status": known.status, "url": known.destination}
        cells = "".join(f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows.items())
        return f"<table>{cells}</table>"

    def status(self) -> Optional[str]:
        """READY, UPDATE_PENDING, UPDATE_IN_PROGRESS, UPDATE_FAILED or DELETE_IN_PROGRESS, asked again."""
        return self._fresh().status

    def resource_state(self) -> Optional[Dict[str, Any]]:
        """cpus, memory, storage, gpus and gpu_type of a pod, asked again."""
        return self._fresh().resource_state

    def deployment_state(self) -> Optional[Dict[str, Any]]:
        """Numbers of workers wanted and available, asked again."""
        return self._fresh().deployment_state

    def wait(self, timeout: float = 900) -> "Endpoint":
        """Until the endpoint answers with its bundle; progress goes to stderr, `timeout` in seconds."""
        from launch.cluster.waiting import say, wait

        wait(self.client.connection, self.name, ConditionType.READY, timeout, say, ENDPOINT_PLURAL)
        self._fresh()
        return self

    def _fresh(self) -> ModelEndpoint:
        found = endpoint_record(self.client.connection.get(self.name, ENDPOINT_PLURAL), self.client.connection)
        self.model_endpoint = found
        return found


class SyncEndpoint(Endpoint):
    """Answers while the caller waits."""

    def predict(self, request: EndpointRequest, timeout: float = 120) -> EndpointResponse:
        """The answer, FAILURE too when the bundle answered with an error; APIError when nothing answers."""
        from launch.cluster.prediction import predict

        refuse_unsupported(request)
        try:
            found = predict(self.client.connection, self.name, request.args or {}, timeout, request.extra_headers)
        except PredictionError as error:
            return _failure(self.client, error)
        return _success(self.client, found.value)


class StreamingEndpoint(Endpoint):
    """Answers item by item, of a predict_fn that yields."""

    def predict(self, request: EndpointRequest, timeout: float = 120) -> "EndpointResponseStream":
        """The responses as they come; APIError when nothing answers. `timeout` is for each, in seconds."""
        from launch.cluster.streaming import stream

        refuse_unsupported(request)
        connection, fields = self.client.connection, request.args or {}
        return EndpointResponseStream(
            self.client, stream(connection, self.name, fields, timeout, request.extra_headers)
        )


class EndpointResponseStream:
    """An iterator of EndpointResponses: each is SUCCESS with one item, or FAILURE, which is then the last."""

    def __init__(self, client: Any, items: Generator[Any, None, None]) -> None:
        self.client = client
        self._items = items

    def __iter__(self) -> "EndpointResponseStream":
        return self

    def __next__(self) -> EndpointResponse:
        try:
            return _success(self.client, next(self._items))
        except PredictionError as error:
            return _failure(self.client, error)

    def close(self) -> None:
        """End the connection, and the function that yields."""
        self._items.close()


def endpoint_of(known: ModelEndpoint, client: Any) -> Endpoint:
    """The endpoint by its type: SyncEndpoint or StreamingEndpoint."""
    return (StreamingEndpoint if known.endpoint_type == STREAMING else SyncEndpoint)(known, client)


def _success(client: Any, value: Any) -> EndpointResponse:
    text = json.dumps(value, ensure_ascii=False)
    return EndpointResponse(client, SUCCESS, result={"result": text}, status_code=200)


def _failure(client: Any, error: PredictionError) -> EndpointResponse:
    details = "".join(f"\n{detail}" for detail in error.details)
    said = f"{error.code}: {error.message}{details}"
    return EndpointResponse(client, FAILURE, traceback=said, status_code=error.status)


def refuse_unsupported(request: EndpointRequest) -> None:
    """NotSupportedError for what a request of the original can ask for and this product cannot do."""
    if request.url is not None:
        raise NotSupportedError("url: read it yourself and send its content in args; the server fetches no URLs")
    if request.return_pickled:
        raise NotSupportedError(
            "return_pickled: predictions are JSON, docs/reference/predict.md says how values become it"
        )
    if request.callback_url is not None:
        raise NotSupportedError("callback_url: call it with the response")


def endpoint_record(found: Mapping[str, Any], connection: "Connection") -> ModelEndpoint:
    """The facts of an endpoint and of the bundle that serves it, which may be gone."""
    from launch.errors import APIError

    name = found["spec"]["bundle"]
    try:
        bundle: Mapping[str, Any] = connection.get(name)
    except APIError as error:
        if error.status != 404:
            raise
        bundle = {}
    metadata = found["metadata"]
    return ModelEndpoint(
        name=metadata["name"],
        id=metadata["name"],
        bundle_name=name,
        status=endpoint_status(found),
        resource_state=resources_of(bundle),
        deployment_state=replicas_of(bundle),
        metadata={"labels": metadata.get("labels") or {}},
        endpoint_type=(metadata.get("annotations") or {}).get(ENDPOINT_TYPE, SYNC),
        destination=((found.get("status") or {}).get("endpoint") or {}).get("url"),
    )


class _NotBuilt:
    """Stands for a class of the original that this version cannot be: an import works, an object does not."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotSupportedError(
            f"{type(self).__name__} is not supported: endpoints are sync or streaming, and SyncEndpoint.predict() in "
            "threads does what futures do"
        )


class AsyncEndpoint(_NotBuilt):
    """Not supported."""


class AsyncEndpointBatchResponse(_NotBuilt):
    """Not supported."""


class EndpointResponseFuture(_NotBuilt):
    """Not supported."""
