"""The Kubernetes API as the client needs it, in plain dicts: the only importer of `kubernetes`, when it is called."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import yaml

GROUP, VERSION, PLURAL = "modelbundle.dev", "v1alpha1", "modelbundles"
TIMEOUT_SECONDS = 30
SERVICE_PORT = "http"


class ApiError(Exception):
    """The API server's answer, or that there is none (status 0); the text is for people."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def connect(context: Optional[str] = None) -> Tuple[Any, str]:
    """An ApiClient by kubeconfig, or in a pod by its service account; and the namespace that goes with it."""
    client, config = _library()
    file = os.environ.get("KUBECONFIG") or None  # the library reads it at import only
    try:
        loaded = config.new_client_from_config(config_file=file, context=context)
    except config.ConfigException as error:
        if context is not None:
            raise ApiError(0, f"the kubeconfig cannot be used: {error}") from error
        try:
            config.load_incluster_config()
        except config.ConfigException:
            raise ApiError(0, f"no Kubernetes to talk to: {error}; set KUBECONFIG or run `kubectl config`") from error
        return client.ApiClient(), Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read_text().strip()
    except (OSError, ValueError, TypeError, AttributeError, KeyError, yaml.YAMLError) as error:
        # the library takes a file that is there for a kubeconfig
        raise ApiError(0, f"the kubeconfig {file or '~/.kube/config'} cannot be read: {error}") from error
    contexts, active = config.list_kube_config_contexts(config_file=file)
    if context is not None:
        active = next((item for item in contexts if item["name"] == context), active)
    return loaded, active["context"].get("namespace") or "default"


def _library() -> Tuple[Any, Any]:
    """client and config, as Any: the package has no types worth the name."""
    from kubernetes import client, config

    return client, config


def get_bundle(api: Any, namespace: str, name: str) -> Dict[str, Any]:
    client, _ = _library()
    with _errors(f"the bundle {name} in namespace {namespace}"):
        found: Dict[str, Any] = client.CustomObjectsApi(api).get_namespaced_custom_object(
            GROUP, VERSION, namespace, PLURAL, name, _request_timeout=TIMEOUT_SECONDS
        )
        return found


def list_bundles(api: Any, namespace: str) -> List[Dict[str, Any]]:
    """All of a namespace, a page at a time: a bundle may have 200 KiB."""
    client, _ = _library()
    found: List[Dict[str, Any]] = []
    more: Dict[str, str] = {}
    while True:
        with _errors(f"the bundles in namespace {namespace}"):
            page = client.CustomObjectsApi(api).list_namespaced_custom_object(
                GROUP, VERSION, namespace, PLURAL, limit=100, _request_timeout=TIMEOUT_SECONDS, **more
            )
        found += page["items"]
        token = (page.get("metadata") or {}).get("continue")
        if not token:
            return found
        more = {"_continue": token}


def create_bundle(api: Any, namespace: str, manifest: Mapping[str, Any]) -> Dict[str, Any]:
    client, _ = _library()
    with _errors(f"the bundle {manifest['metadata']['name']} in namespace {namespace}"):
        made: Dict[str, Any] = client.CustomObjectsApi(api).create_namespaced_custom_object(
            GROUP, VERSION, namespace, PLURAL, dict(manifest), _request_timeout=TIMEOUT_SECONDS
        )
        return made


def container_logs(api: Any, namespace: str, bundle: str, container: str) -> Iterator[str]:
    """What the container wrote, for each pod of the bundle that still has it."""
    client, _ = _library()
    core = client.CoreV1Api(api)
    with _errors(f"the pods of {bundle} in namespace {namespace}"):
        pods = core.list_namespaced_pod(
            namespace, label_selector=f"{GROUP}/bundle={bundle}", _request_timeout=TIMEOUT_SECONDS
        )
    for pod in pods.items:
        with _errors(f"the log of {container} in pod {pod.metadata.name}"):
            yield core.read_namespaced_pod_log(
                pod.metadata.name, namespace, container=container, _request_timeout=TIMEOUT_SECONDS
            )


def watch_bundle(api: Any, namespace: str, name: str, seconds: float) -> Iterator[Optional[Dict[str, Any]]]:
    """The bundle now and at each change, for so many seconds; None once it is deleted."""
    from kubernetes import watch

    client, _ = _library()
    deadline = time.monotonic() + seconds
    current = get_bundle(api, namespace, name)
    yield current
    while (left := deadline - time.monotonic()) > 0:
        watcher: Any = watch.Watch()  # type: ignore[no-untyped-call]
        with _errors(f"the bundle {name} in namespace {namespace}", gone_is_fine=True):
            for event in watcher.stream(
                client.CustomObjectsApi(api).list_namespaced_custom_object,
                GROUP,
                VERSION,
                namespace,
                PLURAL,
                field_selector=f"metadata.name={name}",
                resource_version=current["metadata"]["resourceVersion"],
                timeout_seconds=max(1, min(int(left), 240)),  # load balancers cut longer silences
                _request_timeout=min(left, 240) + 1,
            ):
                if event["type"] == "DELETED":
                    yield None
                    return
                current = event["object"]
                yield current
        if time.monotonic() < deadline:
            current = get_bundle(api, namespace, name)  # a watch ends by itself, and may have missed the last change
            yield current


def post_to_service(
    api: Any, namespace: str, name: str, path: str, body: bytes, seconds: float
) -> Tuple[int, Mapping[str, str], bytes]:
    """POST JSON to a Service through the API server's proxy: status, headers, body. Needs no route into the cluster."""
    resource = f"/api/v1/namespaces/{namespace}/services/http:{name}:{SERVICE_PORT}/proxy/{path.lstrip('/')}"
    what = f"the service {name} in namespace {namespace}"
    with _errors(what):
        request = api.param_serialize(
            "POST",
            resource,
            header_params={"Content-Type": "application/json", "Accept": "application/json"},
            body=json.loads(body),
            auth_settings=["BearerToken"],
        )
        answer = api.call_api(*request, _request_timeout=seconds)
        content: bytes = answer.read()
    headers = {key.lower(): value for key, value in answer.headers.items()}
    if answer.status >= 400 and "x-modelbundle-digest" not in headers:  # the API server speaks, not the bundle
        raise ApiError(answer.status, f"{what}: {_message(content, answer.reason)}")
    return answer.status, headers, content


@contextmanager
def _errors(what: str, gone_is_fine: bool = False) -> Iterator[None]:
    """kubernetes' and urllib3's exceptions become an ApiError that names what was asked for."""
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    try:
        yield
    except ApiException as error:
        if error.status == 410 and gone_is_fine:  # the watch's history is gone: start from a fresh read
            return
        raise ApiError(error.status or 0, f"{what}: {_message(error.body, error.reason)}") from error
    except HTTPError as error:
        if isinstance(error, ReadTimeoutError) and gone_is_fine:
            return
        raise ApiError(0, f"cannot reach the Kubernetes API for {what}: {error}") from error


def _message(body: Any, reason: Any) -> str:
    try:
        return str(json.loads(body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(reason or "") or str(body)[:500]
