"""How the client reaches the cluster, found out when it is first asked: a LaunchClient constructs anywhere.

The server and the credentials are those of the kubeconfig, or in a pod its service account. `endpoint` is an API
server's URL in their place, `api_key` a bearer token in place of the credentials. The token is in no repr, message or
log of ours.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from bundle_spec.names import PLURAL
from launch.cluster import api as kubernetes_api
from launch.cluster.posting import Answer, Streamed, post, stream
from launch.cluster.transport import connect, connect_to, in_pod, with_token
from launch.errors import APIError, InvalidBundleError, WrongTypeError
from launch.stores.published_store import CONFIG_MAP, PUBLIC_NAMESPACE


class Connection:
    """`namespace`: given, else LAUNCH_NAMESPACE, else the kubeconfig's or the pod's, else "default"."""

    artifact_uri: Optional[str] = None  # of a place that has a store of its own

    def __init__(
        self,
        api_key: Optional[str] = None,
        endpoint: Optional[str] = None,
        namespace: Optional[str] = None,
        context: Optional[str] = None,
    ) -> None:
        for name, value in (("api_key", api_key), ("endpoint", endpoint), ("namespace", namespace)):
            if value is not None and not isinstance(value, str):
                raise WrongTypeError(f"{name} must be a string, it is a {type(value).__name__}")
        self._api_key = _token(api_key)
        self.endpoint = endpoint or None
        self._wanted, self._context = namespace or os.environ.get("LAUNCH_NAMESPACE") or None, context
        self._place: Optional[Tuple[Any, str]] = None
        self._user: Optional[str] = None

    def __repr__(self) -> str:
        key = ", api_key=***" if self._api_key else ""
        where = self.endpoint or "the kubeconfig's cluster"
        return f"Connection({where}, namespace={self._wanted or 'the default'}{key})"

    def __reduce__(self) -> Any:
        raise TypeError("a Connection holds credentials and is never pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Tuple[Optional[str], ...]:
        return (self._api_key, self.endpoint, self._wanted, self._context)

    def place(self) -> Tuple[Any, str]:
        """The ApiClient and the namespace; APIError says why there is none."""
        if self._place is None:
            api, default = (connect_to(self.endpoint), "default") if self.endpoint else connect(self._context)
            if self._api_key:
                api = with_token(api, self._api_key)
            self._place = api, self._wanted or default
        return self._place

    @property
    def namespace(self) -> str:
        """The namespace in which everything is asked."""
        return self.place()[1]

    def user(self) -> str:
        """Who the API server says you are."""
        if self._user is None:
            self._user = kubernetes_api.who_am_i(self.place()[0])
        return self._user

    def get(self, name: str, plural: str = PLURAL) -> Dict[str, Any]:
        """The object of this name, a bundle unless `plural` says otherwise; APIError 404 when there is none."""
        return kubernetes_api.get(*self.place(), plural, name)

    def list(self, plural: str = PLURAL, selector: str = "") -> List[Dict[str, Any]]:
        """All of the namespace; that the namespace is not there is an error, as it is never meant."""
        api, namespace = self.place()
        found = kubernetes_api.list_all(api, namespace, plural, selector)
        if not found and kubernetes_api.namespace_is_missing(api, namespace):
            raise APIError(404, f"there is no namespace {namespace} in this cluster")
        return found

    def create(self, manifest: Mapping[str, Any], plural: str = PLURAL, dry_run: bool = False) -> Dict[str, Any]:
        """Create the object, and give it as the API server has it then; a `dry_run` does all but keep it."""
        return kubernetes_api.create(*self.place(), plural, manifest, dry_run)

    def patch(self, name: str, change: Mapping[str, Any], plural: str = PLURAL) -> Dict[str, Any]:
        """Merge the change into the object, and give the whole; what is None is removed."""
        return kubernetes_api.patch(*self.place(), plural, name, change)

    def delete(self, name: str, plural: str = PLURAL) -> None:
        """Remove the object; APIError 404 when there is none."""
        kubernetes_api.delete(*self.place(), plural, name)

    def watch(self, plural: str, name: str, seconds: float) -> Iterator[Optional[Dict[str, Any]]]:
        """The object now and at each change, for so many seconds; None once it is deleted."""
        return kubernetes_api.watch(*self.place(), plural, name, seconds)

    def post(self, service: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None) -> Answer:
        """Send the body to what serves the bundle or the endpoint of this name; `timeout` in seconds."""
        direct = in_pod() and self.endpoint is None
        return post(*self.place(), service, body, timeout, headers, direct=direct)

    def stream(
        self, service: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None
    ) -> Streamed:
        """The same for an answer that comes item by item; `timeout` is for each piece of it."""
        direct = in_pod() and self.endpoint is None
        return stream(*self.place(), service, body, timeout, headers, direct=direct)

    def logs(self, bundle: str, container: str, tail: Optional[int]) -> str:
        """What the container wrote in each pod of the bundle, with the pod's name before when there are several."""
        api, namespace = self.place()
        query = {"tailLines": str(tail)} if tail is not None else {}
        pods = kubernetes_api.pods_with(api, namespace, bundle, container)
        texts = {pod: kubernetes_api.pod_log(api, namespace, pod, container, query) for pod in pods}
        if len(pods) < 2:
            return "".join(texts.values())
        return "\n".join(f"==> {pod} <==\n{text}" for pod, text in texts.items())

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self.place()[0].configuration.host)

    def published(self) -> Dict[str, str]:
        """What the operator's chart publishes for clients: in the bundles' namespace, else for the whole cluster."""
        for namespace in (self.namespace, PUBLIC_NAMESPACE):
            found = self.published_in(namespace)
            if found is not None:
                return found
        return {}

    def published_in(self, namespace: str) -> Optional[Dict[str, str]]:
        """What the ConfigMap for clients in this namespace says; None where there is none, or it may not be read."""
        return kubernetes_api.get_config_map(self.place()[0], namespace, CONFIG_MAP)


def _token(api_key: Optional[str]) -> Optional[str]:
    """As a file has it, with a newline at its end, it is meant without; what no token can be is not shown either."""
    token = (api_key or "").strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise InvalidBundleError("api_key is not a bearer token: it holds blanks or characters that no token has")
    return token or None
