"""LaunchClient's endpoints: a ModelEndpoint keeps its name while bundles change, and a bundle serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Union

from bundle_spec.names import API_VERSION, ENDPOINT_KIND, ENDPOINT_PLURAL, ENDPOINT_TYPE
from launch.api.create import already_exists
from launch.api.endpoint_bundle import bundle_for, release
from launch.api.endpoint_options import checked_labels, endpoint_fields
from launch.api.lookup import named
from launch.cluster.serving import node_of
from launch.cluster.waiting import say, wait_until
from launch.errors import APIError, BundleFailedError, WrongTypeError
from launch.model_bundle import ModelBundle
from launch.model_endpoint import STREAMING, Endpoint, ModelEndpoint, endpoint_of, endpoint_record

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

MOVE_SECONDS = 900
CONTAINERS = ("prepare", "install", "server", "worker")


class EndpointMethods:
    """What LaunchClient can do with endpoints."""

    connection: "Connection"

    def create_model_endpoint(
        self,
        *,
        endpoint_name: str,
        model_bundle: Union[ModelBundle, str],
        cpus: Any = 3,
        memory: str = "8Gi",
        storage: Optional[str] = "16Gi",
        gpus: int = 0,
        min_workers: int = 1,
        max_workers: int = 1,
        per_worker: int = 10,
        forwarder_max_concurrency: Optional[int] = None,
        gpu_type: Optional[str] = None,
        endpoint_type: str = "sync",
        high_priority: Optional[bool] = False,
        post_inference_hooks: Optional[List[Any]] = None,
        default_callback_url: Optional[str] = None,
        default_callback_auth_kind: Optional[str] = None,
        default_callback_auth_username: Optional[str] = None,
        default_callback_auth_password: Optional[str] = None,
        default_callback_auth_cert: Optional[str] = None,
        default_callback_auth_key: Optional[str] = None,
        public_inference: Optional[bool] = None,
        update_if_exists: bool = False,
        labels: Optional[Dict[str, str]] = None,
    ) -> Any:
        """Serve the bundle under a name that stays; returns at once, `endpoint.wait()` waits until it answers.

        `cpus` are cores, `memory` and `storage` quantities such as "8Gi" for each of `min_workers` pods; `gpu_type` is
        the value of the node label that the platform publishes. `labels` go onto the ModelEndpoint. A bundle that is
        served with other resources already is left so, and an empty clone of it serves the endpoint. `endpoint_type` is
        sync, or streaming for a predict_fn that yields: the endpoint is a SyncEndpoint or a StreamingEndpoint. With
        `update_if_exists` an endpoint of this name is edited. NotSupportedError names an option that cannot be done.
        """
        options = _options(locals())
        fields, known = endpoint_fields(options), checked_labels(labels)
        if not isinstance(endpoint_name, str):
            raise WrongTypeError(f"endpoint_name must be a text, it is a {type(endpoint_name).__name__}")
        if update_if_exists and self.get_model_endpoint(endpoint_name) is not None:
            self._edit(endpoint_name, model_bundle, fields, gpu_type, known)
            return self._endpoint(endpoint_name)
        try:
            manifest = _manifest(endpoint_name, known, endpoint_type)
            self._create(manifest, named(self.connection, model_bundle), fields, gpu_type)
        except APIError as error:
            if not (update_if_exists and already_exists(error)):
                raise
            self._edit(endpoint_name, model_bundle, fields, gpu_type, known)  # another client was faster
        return self._endpoint(endpoint_name)

    def edit_model_endpoint(
        self,
        *,
        model_endpoint: Union[Endpoint, ModelEndpoint, str],
        model_bundle: Union[ModelBundle, str, None] = None,
        cpus: Any = None,
        memory: Optional[str] = None,
        storage: Optional[str] = None,
        gpus: Optional[int] = None,
        min_workers: Optional[int] = None,
        max_workers: Optional[int] = None,
        per_worker: Optional[int] = None,
        forwarder_max_concurrency: Optional[int] = None,
        gpu_type: Optional[str] = None,
        high_priority: Optional[bool] = None,
        post_inference_hooks: Optional[List[Any]] = None,
        default_callback_url: Optional[str] = None,
        default_callback_auth_kind: Optional[str] = None,
        default_callback_auth_username: Optional[str] = None,
        default_callback_auth_password: Optional[str] = None,
        default_callback_auth_cert: Optional[str] = None,
        default_callback_auth_key: Optional[str] = None,
        public_inference: Optional[bool] = None,
    ) -> None:
        """Change what is given; the rest stays, also when the bundle changes.

        Another bundle is moved to without losing a request: this waits until the move is reported, about a minute after
        that bundle is ready, telling on stderr how it goes, and then ends the pods of the one before.
        """
        fields = endpoint_fields(_options(locals()))
        self._edit(_name_of(model_endpoint), model_bundle, fields, gpu_type, None)

    def get_model_endpoint(self, endpoint_name: str) -> Any:
        """None when there is none of this name."""
        try:
            return self._endpoint(endpoint_name)
        except APIError as error:
            if error.status == 404 and error.reason == "NotFound":
                return None
            raise

    def list_model_endpoints(self) -> List[Any]:
        """All endpoints of the namespace."""
        found = self.connection.list(ENDPOINT_PLURAL)
        return [endpoint_of(endpoint_record(endpoint, self.connection), self) for endpoint in found]

    def delete_model_endpoint(self, model_endpoint_name: Union[Endpoint, ModelEndpoint, str]) -> bool:
        """Remove the endpoint and end what served for it; the bundle that it was made of stays, stored."""
        name = _name_of(model_endpoint_name)
        try:
            self.connection.delete(name, ENDPOINT_PLURAL)
        except APIError as error:
            # another client has deleted it, or this was cut off once: what served for it may be there still
            if error.status != 404 or not release(self.connection, name):
                raise
        else:
            release(self.connection, name)
        return True

    def read_endpoint_creation_logs(self, model_endpoint: Union[Endpoint, ModelEndpoint, str]) -> str:
        """What the containers of the endpoint's pods wrote: preparing, installing, serving."""
        bundle = self.connection.get(_name_of(model_endpoint), ENDPOINT_PLURAL)["spec"]["bundle"]
        found = []
        for container in CONTAINERS:
            try:
                found.append(f"--- {container}\n" + self.connection.logs(bundle, container, None))
            except APIError as error:  # a pod has no install where nothing is to be installed, or has not come to it
                if error.status != 400:
                    raise
        return "\n".join(found)

    def _create(
        self,
        manifest: Mapping[str, Any],
        base: Mapping[str, Any],
        fields: Mapping[str, Any],
        gpu_type: Optional[str],
    ) -> None:
        name = manifest["metadata"]["name"]
        self.connection.create(_serving_by(manifest, base["metadata"]["name"]), ENDPOINT_PLURAL, dry_run=True)
        serving = {**fields, **node_of(self.connection, gpu_type)}
        try:
            serves = bundle_for(self.connection, base, name, serving)["metadata"]["name"]
            self.connection.create(_serving_by(manifest, serves), ENDPOINT_PLURAL)
        except APIError:
            if self.get_model_endpoint(name) is None:
                release(self.connection, name)
            raise

    def _edit(
        self,
        name: str,
        model_bundle: Union[ModelBundle, str, None],
        fields: Mapping[str, Any],
        gpu_type: Optional[str],
        labels: Optional[Mapping[str, str]],
    ) -> None:
        endpoint = self.connection.get(name, ENDPOINT_PLURAL)
        former = endpoint["spec"]["bundle"]
        try:
            before = self.connection.get(former)
        except APIError as error:
            if error.status != 404:
                raise
            if model_bundle is None:
                raise APIError(
                    404, f"{error}, which the endpoint {name} names: give model_bundle", error.reason
                ) from None
            before = {"spec": {}}  # deleted: the other one is served by what is given alone
        base = before if model_bundle is None else named(self.connection, model_bundle)
        serving = {**(before["spec"].get("serving") or {}), **node_of(self.connection, gpu_type)}
        for key, value in fields.items():
            serving[key] = {**serving.get(key, {}), **value} if isinstance(value, Mapping) else value
        serves = bundle_for(self.connection, base, name, serving)["metadata"]["name"]
        change: Dict[str, Any] = {"spec": {"bundle": serves}}
        if labels:
            change["metadata"] = {"labels": dict(labels)}
        self.connection.patch(name, change, ENDPOINT_PLURAL)
        if serves != former:
            wanted = f"answered by {serves}"
            wait_until(
                self.connection, name, lambda it: _answers(it, serves), MOVE_SECONDS, say, ENDPOINT_PLURAL, wanted
            )
            release(self.connection, name, keep=serves)

    def _endpoint(self, name: str) -> Endpoint:
        return endpoint_of(endpoint_record(self.connection.get(name, ENDPOINT_PLURAL), self.connection), self)


def _answers(endpoint: Mapping[str, Any], bundle: str) -> bool:
    if endpoint["spec"]["bundle"] != bundle:
        other = f"the endpoint {endpoint['metadata']['name']} was given {endpoint['spec']['bundle']} meanwhile"
        raise BundleFailedError(f"{other}: the move to {bundle} is off", "Overtaken")
    return (endpoint.get("status") or {}).get("bundle") == bundle


def _manifest(name: str, labels: Mapping[str, str], endpoint_type: Optional[str]) -> Dict[str, Any]:
    """Without the bundle that it selects."""
    metadata: Dict[str, Any] = {"name": name, **({"labels": dict(labels)} if labels else {})}
    if endpoint_type == STREAMING:
        metadata["annotations"] = {ENDPOINT_TYPE: STREAMING}
    return {"apiVersion": API_VERSION, "kind": ENDPOINT_KIND, "metadata": metadata}


def _serving_by(manifest: Mapping[str, Any], bundle: str) -> Dict[str, Any]:
    return {**manifest, "spec": {"bundle": bundle}}


def _options(arguments: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in arguments.items() if name != "self"}


def _name_of(model_endpoint: Union[Endpoint, ModelEndpoint, str]) -> str:
    if isinstance(model_endpoint, str):
        return model_endpoint
    if isinstance(model_endpoint, (Endpoint, ModelEndpoint)):
        return model_endpoint.name
    raise WrongTypeError(f"model_endpoint must be an endpoint or its name, it is a {type(model_endpoint).__name__}")
