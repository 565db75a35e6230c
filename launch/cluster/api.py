"""The objects of the Kubernetes API that the client handles, as plain dicts; transport.py carries them."""

from __future__ import annotations

import re
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from bundle_spec.names import API_VERSION, ENDPOINT_PLURAL, LABEL_BUNDLE, PLURAL
from launch.cluster.reading import all_items
from launch.cluster.transport import call, decoded, errors, lines, refusal, send, streamed
from launch.errors import APIError, InvalidBundleError

SERVICE_PORT = "http"
LABEL_JOB = "batch.kubernetes.io/job-name"
PAGE = "100"  # a bundle may have 200 KiB
WATCH_SECONDS = 240  # load balancers cut longer silences
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"  # JSON is YAML

# whatever else stands in a URL's place of a name means another object, or all of them
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KINDS = {PLURAL: "bundle", ENDPOINT_PLURAL: "endpoint"}


def get(api: Any, namespace: str, plural: str, name: str) -> Dict[str, Any]:
    """The object; APIError 404 when there is none."""
    found: Dict[str, Any] = call(api, "GET", _path(namespace, plural, name), _what(namespace, plural, name))
    return found


def list_all(api: Any, namespace: str, plural: str, selector: str = "") -> List[Dict[str, Any]]:
    """All of a namespace that have the labels, a page at a time."""
    query = {"limit": PAGE, **({"labelSelector": selector} if selector else {})}
    return all_items(api, _path(namespace, plural), f"the {plural} in namespace {namespace}", query)


def create(api: Any, namespace: str, plural: str, manifest: Mapping[str, Any], dry_run: bool = False) -> Dict[str, Any]:
    """A misspelt field is refused, as it would be dropped silently."""
    query = {"fieldManager": "launch", "fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
    what = _what(namespace, plural, manifest["metadata"]["name"])
    made: Dict[str, Any] = call(api, "POST", _path(namespace, plural), what, dict(manifest), query)
    return made


def apply_dry(api: Any, namespace: str, plural: str, manifest: Mapping[str, Any]) -> Dict[str, Any]:
    """What a server-side apply over whatever is there would give; nothing is kept."""
    query = {"fieldManager": "launch", "fieldValidation": "Strict", "dryRun": "All", "force": "true"}
    name = manifest["metadata"]["name"]
    path, what = _path(namespace, plural, name), _what(namespace, plural, name)
    made: Dict[str, Any] = call(api, "PATCH", path, what, dict(manifest), query, APPLY_PATCH)
    return made


def patch(api: Any, namespace: str, plural: str, name: str, change: Mapping[str, Any]) -> Dict[str, Any]:
    """A merge patch: what is null is removed, what is not named stays."""
    query = {"fieldManager": "launch", "fieldValidation": "Strict"}
    path, what = _path(namespace, plural, name), _what(namespace, plural, name)
    changed: Dict[str, Any] = call(api, "PATCH", path, what, dict(change), query, MERGE_PATCH)
    return changed


def delete(api: Any, namespace: str, plural: str, name: str) -> None:
    """Remove the object; what it owns goes with it. APIError 404 when there is none."""
    call(api, "DELETE", _path(namespace, plural, name), _what(namespace, plural, name))


def get_config_map(api: Any, namespace: str, name: str) -> Optional[Dict[str, str]]:
    """Its data; None where there is none, or where it may not be read."""
    try:
        path = _core(namespace, f"configmaps/{name}")
        data: Dict[str, str] = call(api, "GET", path, f"the ConfigMap {name}").get("data") or {}
    except APIError as error:
        if error.status in (403, 404):
            return None
        raise
    return data


def namespace_is_missing(api: Any, namespace: str) -> bool:
    """False too where the caller may not know: many have rights in a namespace and none on it."""
    try:
        call(api, "GET", f"/api/v1/namespaces/{checked(namespace)}", f"the namespace {namespace}")
    except APIError as error:
        if error.status in (403, 404):
            return error.status == 404
        raise
    return False


def who_am_i(api: Any) -> str:
    """The user name by which the API server knows the caller."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    review = call(api, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "who you are", body)
    return str(review["status"]["userInfo"].get("username", ""))


def pods_of(api: Any, namespace: str, bundle: str) -> List[Dict[str, Any]]:
    """The pods of a bundle, as the API server has them."""
    query = {"labelSelector": f"{LABEL_BUNDLE}={bundle}"}
    what = f"the pods of {bundle} in namespace {namespace}"
    found: List[Dict[str, Any]] = call(api, "GET", _core(namespace, "pods"), what, query=query)["items"]
    return found


def pods_with(api: Any, namespace: str, bundle: str, container: str) -> List[str]:
    """The names of those that have the container: the pod of a Job that tries the bundle has no worker."""
    return [pod["metadata"]["name"] for pod in pods_of(api, namespace, bundle) if _has(pod, container)]


def pods_of_job(api: Any, namespace: str, job: str) -> List[Dict[str, Any]]:
    """The pods of a Job, the newest last."""
    query = {"labelSelector": f"{LABEL_JOB}={job}"}
    what = f"the pods of the Job {job} in namespace {namespace}"
    found: List[Dict[str, Any]] = call(api, "GET", _core(namespace, "pods"), what, query=query)["items"]
    return sorted(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))


def events_of(api: Any, namespace: str, kind: str, name: str) -> List[Dict[str, Any]]:
    """The events about one object, the oldest first."""
    query = {"fieldSelector": f"involvedObject.kind={kind},involvedObject.name={name}"}
    path = _core(namespace, "events")
    found: List[Dict[str, Any]] = call(api, "GET", path, f"the events of {name}", query=query)["items"]
    return sorted(found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))


def container_logs(api: Any, namespace: str, bundle: str, container: str) -> Iterator[str]:
    """What the container wrote, for each pod of the bundle that still has it."""
    for pod in pods_of(api, namespace, bundle):
        yield pod_log(api, namespace, pod["metadata"]["name"], container)


def pod_log(api: Any, namespace: str, pod: str, container: str, query: Optional[Mapping[str, str]] = None) -> str:
    """What a container of the pod wrote; `query` takes tailLines and the like. APIError when there is no log."""
    what = f"the log of {container} in pod {pod}"
    with errors(what):
        status, _, content = send(
            api, "GET", _log_path(namespace, pod), query={"container": container, **(query or {})}
        )
    if status >= 400:
        raise refusal(status, what, content)
    return content.decode("utf-8", "replace")


def follow_log(api: Any, namespace: str, pod: str, container: str, query: Mapping[str, str]) -> Iterator[str]:
    """Line by line, until the container ends."""
    asked = {**query, "container": container, "follow": "true"}
    for line in lines(api, _log_path(namespace, pod), f"the log of {container} in pod {pod}", asked, 86400):
        yield line.decode("utf-8", "replace")


def watch(api: Any, namespace: str, plural: str, name: str, seconds: float) -> Iterator[Optional[Dict[str, Any]]]:
    """The object now and at each change, for so many seconds; None once it is deleted."""
    deadline = time.monotonic() + seconds
    current = get(api, namespace, plural, name)
    yield current
    while (left := deadline - time.monotonic()) > 0:
        for event in _events(api, namespace, plural, current, min(left, WATCH_SECONDS)):
            if event["type"] == "DELETED":
                yield None
                return
            current = event["object"]
            yield current
        if time.monotonic() < deadline:
            current = get(
                api, namespace, plural, name
            )  # a watch ends after a while, and may have missed the last change
            yield current


def _events(api: Any, namespace: str, plural: str, since: Mapping[str, Any], seconds: float) -> Iterator[Any]:
    """Of one watch, which may end at any time: with its time, its history or its connection."""
    name = since["metadata"]["name"]
    query = {
        "watch": "true",
        "fieldSelector": f"metadata.name={name}",
        "resourceVersion": since["metadata"]["resourceVersion"],
        "timeoutSeconds": str(max(1, int(seconds))),
    }
    from urllib3.exceptions import ReadTimeoutError

    try:
        what = _what(namespace, plural, name)
        for line in lines(api, _path(namespace, plural), what, query, seconds + 1):
            event = decoded(line, what)
            if event["type"] == "ERROR":  # the history is gone: a fresh read follows
                return
            yield event
    except APIError as error:
        if error.status != 410 and not isinstance(error.__cause__, ReadTimeoutError):
            raise


def post_to_service(
    api: Any,
    namespace: str,
    name: str,
    path: str,
    body: bytes,
    seconds: float,
    extra_headers: Optional[Mapping[str, str]] = None,
) -> Tuple[int, Mapping[str, str], bytes]:
    """POST JSON to a Service through the API server's proxy: status, headers, body. Needs no route into the cluster."""
    resource = _core(namespace, f"services/http:{checked(name)}:{SERVICE_PORT}/proxy/{path.lstrip('/')}")
    what = f"the service {name} in namespace {namespace}"
    with errors(what):
        status, headers, content = send(
            api, "POST", resource, body, seconds=seconds, extra_headers=extra_headers, proxied=True
        )
    if status >= 400 and "x-modelbundle-digest" not in headers:  # the API server speaks, not the bundle
        raise refusal(status, what, content)
    return status, headers, content


def about_service(api: Any, namespace: str, name: str, seconds: float) -> Any:
    """What a pod of a bundle says of itself (`GET /`), by the same way."""
    path = _core(namespace, f"services/http:{checked(name)}:{SERVICE_PORT}/proxy/")
    return call(api, "GET", path, f"the service {name} in namespace {namespace}", seconds=seconds)


def stream_from_service(
    api: Any, namespace: str, name: str, path: str, body: bytes, seconds: float, extra_headers: Mapping[str, str]
) -> Tuple[int, Mapping[str, str], Iterator[bytes]]:
    """The same POST, whose answer comes piece by piece."""
    resource = _core(namespace, f"services/http:{checked(name)}:{SERVICE_PORT}/proxy/{path.lstrip('/')}")
    what = f"the service {name} in namespace {namespace}"
    status, headers, pieces = streamed(api, resource, what, body, seconds, extra_headers)
    if status >= 400 and "x-modelbundle-digest" not in headers:  # the API server speaks, not the bundle
        raise refusal(status, what, b"".join(pieces))
    return status, headers, pieces


def checked(name: Any) -> str:
    """The name; InvalidBundleError where no object of Kubernetes can have it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidBundleError(f"{name!r} names no object: lowercase letters, digits, - and . are allowed")
    return name


def _path(namespace: str, plural: str, name: Optional[str] = None) -> str:
    """Of one object; without a name of all of them."""
    below = f"/{checked(name)}" if name is not None else ""
    return f"/apis/{API_VERSION}/namespaces/{checked(namespace)}/{plural}{below}"


def _has(pod: Mapping[str, Any], container: str) -> bool:
    spec = pod.get("spec") or {}
    found = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return not found or container in [each["name"] for each in found]


def _core(namespace: str, resource: str) -> str:
    return f"/api/v1/namespaces/{checked(namespace)}/{resource}"


def _what(namespace: str, plural: str, name: str) -> str:
    return f"the {_KINDS[plural]} {name} in namespace {namespace}"


def _log_path(namespace: str, pod: str) -> str:
    return _core(namespace, f"pods/{checked(pod)}/log")
