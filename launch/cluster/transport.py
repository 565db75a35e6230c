"""HTTP to the API server with the kubeconfig's credentials: the only file that imports `kubernetes`, when it is called.

The library finds the server and the credentials (exec plugins, client certificates, a pod's service account). What is
sent are plain dicts over its connection pool: its generated methods differ between the releases for Python 3.8 and for
newer ones, and cannot send a merge patch or read a watch as they come.
"""

from __future__ import annotations

import copy
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple
from urllib.parse import urlencode

import yaml

from launch.cluster.plain_http import refuse_plain_http
from launch.errors import APIError

TIMEOUT_SECONDS = 30
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_WITHOUT_A_CLUSTER = (
    "With a cluster: set KUBECONFIG to its file, or run `kubectl config use-context NAME`.\n"
    "Without one: `modelbundle serve FILE.py` serves a function on this machine, and `modelbundle render` writes YAML."
)
_ADVICE = {
    401: "the API server does not know these credentials: a token may have expired; log in again, or give another "
    "api_key",
    403: "the administrator of the cluster can grant it (kubectl create rolebinding)",
}


def connect(context: Optional[str] = None) -> Tuple[Any, str]:
    """An ApiClient by kubeconfig, or in a pod by its service account; and the namespace that goes with it."""
    client, config = _library()
    file = os.environ.get("KUBECONFIG") or None  # the library reads it at import only
    try:
        loaded = config.new_client_from_config(config_file=file, context=context)
    except config.ConfigException as error:
        if context is not None:
            raise APIError(0, f"the kubeconfig cannot be used: {error}") from error
        try:
            config.load_incluster_config()
        except config.ConfigException:
            raise APIError(0, f"no Kubernetes to talk to: {error}\n{_WITHOUT_A_CLUSTER}") from None
        return client.ApiClient(), (SERVICE_ACCOUNT / "namespace").read_text().strip()
    except (OSError, ValueError, TypeError, AttributeError, KeyError, yaml.YAMLError) as error:
        # the library takes a file that is there for a kubeconfig
        raise APIError(0, f"the kubeconfig {file or '~/.kube/config'} cannot be read: {error}") from error
    contexts, active = config.list_kube_config_contexts(config_file=file)
    if context is not None:
        active = next((item for item in contexts if item["name"] == context), active)
    return loaded, active["context"].get("namespace") or "default"


def connect_to(server: str) -> Any:
    """An ApiClient of the server at this URL, without credentials. SSL_CERT_FILE names a certificate authority."""
    client, _ = _library()
    configuration = client.Configuration()
    configuration.host = server.rstrip("/")
    configuration.ssl_ca_cert = os.environ.get("SSL_CERT_FILE") or None
    return client.ApiClient(configuration)


def in_pod() -> bool:
    """Whether this runs in a pod that has a service account."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and (SERVICE_ACCOUNT / "token").exists()


def with_token(api: Any, token: str) -> Any:
    """The same server, asked as the owner of the token; a client certificate would win over it, and is left out."""
    client, _ = _library()
    configuration = copy.copy(api.configuration)
    configuration.cert_file = configuration.key_file = None
    configuration.api_key, configuration.api_key_prefix = {"authorization": f"Bearer {token}"}, {}
    configuration.refresh_api_key_hook = None
    return client.ApiClient(configuration)


def call(
    api: Any,
    method: str,
    path: str,
    what: str,
    body: Any = None,
    query: Optional[Mapping[str, str]] = None,
    content_type: str = "application/json",
    seconds: float = TIMEOUT_SECONDS,
    extra_headers: Optional[Mapping[str, str]] = None,
) -> Any:
    """The JSON that the API server answers; `what` is asked for, in the words of a message."""
    with errors(what):
        sent = None if body is None else json.dumps(body).encode()
        status, headers, content = send(api, method, path, sent, query, content_type, seconds, extra_headers)
    if status >= 400:
        raise refusal(status, what, content)
    if "json" not in headers.get("content-type", "json"):
        return content.decode("utf-8", "replace")
    return decoded(content, what)


def decoded(content: bytes, what: str) -> Any:
    """An object of the API server; APIError where one is nested deeper than Python reads, as anybody may create one."""
    try:
        return json.loads(content)
    except RecursionError as error:
        raise APIError(0, f"{what}: an object is nested too deeply to be read; kubectl prints it", "TooDeep") from error


def send(
    api: Any,
    method: str,
    path: str,
    body: Optional[bytes] = None,
    query: Optional[Mapping[str, str]] = None,
    content_type: str = "application/json",
    seconds: float = TIMEOUT_SECONDS,
    extra_headers: Optional[Mapping[str, str]] = None,
    proxied: bool = False,
) -> Tuple[int, Dict[str, str], bytes]:
    """Status, headers with names in lower case, and body of one exchange; `proxied`, the API server sends it on."""
    answer = _open(api, method, path, body, query, content_type, seconds, extra_headers, proxied=proxied)
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data


def lines(api: Any, path: str, what: str, query: Mapping[str, str], seconds: float) -> Iterator[bytes]:
    """The lines of an answer as they come: of a watch, of a log that is followed."""
    with errors(what):
        answer = _open(api, "GET", path, None, query, "application/json", seconds)
        if answer.status >= 400:
            raise refusal(answer.status, what, answer.data)
        rest = b""
        try:
            for chunk in answer.stream(amt=None, decode_content=True):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
        finally:
            answer.close()  # not released to the pool: it may have more to say
        if rest:
            yield rest


def streamed(
    api: Any, path: str, what: str, body: bytes, seconds: float, extra_headers: Mapping[str, str]
) -> Tuple[int, Dict[str, str], Iterator[bytes]]:
    """A POST that the API server sends on, and whose answer comes piece by piece; `seconds` are for each. Closing the
    iterator ends it."""
    with errors(what):
        answer = _open(
            api, "POST", path, body, None, "application/json", seconds, extra_headers, streamed=True, proxied=True
        )
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, _pieces(answer, what)


def _pieces(answer: Any, what: str) -> Iterator[bytes]:
    with errors(what):
        try:
            yield from answer.stream(amt=None, decode_content=True)
        finally:
            answer.close()


def _open(
    api: Any,
    method: str,
    path: str,
    body: Optional[bytes],
    query: Optional[Mapping[str, str]],
    content_type: str,
    seconds: float,
    extra_headers: Optional[Mapping[str, str]] = None,
    streamed: bool = False,
    proxied: bool = False,
) -> Any:
    """In chunks what the API server is to send on. Of a body of known length it looks for more once all is sent; a
    quick answer closes what it reads from before, and Go's transport then cuts that answer: one stream in a hundred."""
    configuration = api.configuration
    headers = {"Accept": "application/json", "User-Agent": "model-bundles", **(extra_headers or {})}
    headers["Content-Type"] = content_type
    authorization = configuration.auth_settings().get("BearerToken")
    if authorization:
        refuse_plain_http(configuration.host, os.environ)
        headers["Authorization"] = authorization["value"].strip()  # as kubectl does: a tokenFile may end its line
    url = configuration.host + path + (f"?{urlencode(query)}" if query else "")
    streamed = streamed or bool((query or {}).keys() & {"watch", "follow"})
    return api.rest_client.pool_manager.request(
        method, url, body=body, headers=headers, timeout=seconds, preload_content=not streamed, chunked=proxied
    )


def refusal(status: int, what: str, content: bytes) -> APIError:
    """The API server's own words, and what can be done about the two that everybody meets."""
    reason, message = "", content.decode("utf-8", "replace").strip()[:500]
    try:
        status_object = json.loads(content)
        reason, message = str(status_object.get("reason") or ""), str(status_object["message"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    advice = f". {_ADVICE[status]}" if status in _ADVICE else ""
    if status == 404 and message == "the server could not find the requested resource":
        advice = ": are the product's CRDs installed in this cluster? (kubectl apply -f crds/)"
    return APIError(status, f"{what}: {message or status}{advice}", reason, content)


@contextmanager
def errors(what: str) -> Iterator[None]:
    """urllib3's exceptions become an APIError that names what was asked for."""
    from urllib3.exceptions import HTTPError, MaxRetryError

    try:
        yield
    except HTTPError as error:
        cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
        raise APIError(0, f"cannot reach the Kubernetes API for {what}: {cause}", "Unreachable") from error


def _library() -> Tuple[Any, Any]:
    """client and config, as Any: the package has no types worth the name."""
    from kubernetes import client, config

    return client, config
