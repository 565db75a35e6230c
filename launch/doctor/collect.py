"""Asks the API server, the store and the index for the facts; what may not be read, or takes too long, is Unknown."""

from __future__ import annotations

import base64
import json
import os
import pkgutil
import time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Callable, Collection, Dict, List, Mapping, Optional, Union

from bundle_spec.names import API_VERSION, GROUP, VERSION
from launch.cluster.api import checked
from launch.cluster.connection import Connection
from launch.cluster.reading import absent_is_none, all_items
from launch.cluster.transport import call, in_pod
from launch.doctor.asking import Asking
from launch.doctor.certificates import certificates_in
from launch.doctor.checks import INSTALLATION, NAMESPACE, STORE
from launch.doctor.facts import (
    SETTING,
    Certificates,
    Facts,
    Operator,
    StoreFacts,
    Unknown,
    artifact_secret_name,
    named_fields,
)
from launch.doctor.layer_keys import layer_keys
from launch.doctor.nodes import node_of, offered
from launch.doctor.probe import not_installed, tried_store
from launch.doctor.tenants import CONFIG_MAP
from launch.doctor.way_out import index_urls, tried_index, tried_proxies
from launch.errors import APIError, LaunchError

SECONDS = 5.0  # of each request
OPERATOR = "app.kubernetes.io/name=modelbundle-operator"
MODEL_RIGHTS = ("get modelbundles", "list modelbundles", "create modelbundles", "patch modelbundles",
                "delete modelbundles", "create modelendpoints", "patch modelendpoints")  # fmt: skip
POD_RIGHTS = ("list pods", "get pods/log", "create services/proxy")
_METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}


def collect(
    connection: Connection, groups: Collection[str], store: Callable[[], Any], secret_keys: bool = False
) -> Facts:
    """`store` gives the artifact store that a client would use, or raises why there is none. `secret_keys`: whether the
    Secret of the pods is read, and its keys are tried."""
    facts: Dict[str, Any] = {"client_version": client_version(), "client_fields": _own_fields(), "in_pod": in_pod()}
    try:
        api, namespace = connection.place()
        facts.update(namespace=namespace, server=connection.server)
        facts["cluster"] = str(_get(api, "/version", "the version").get("gitVersion", "of an unknown version"))
    except (LaunchError, ImportError) as error:
        facts["cluster"] = Unknown(str(error))
    else:
        facts.update(_of_cluster(api, namespace, groups))
    if STORE in groups or isinstance(facts["cluster"], Unknown):
        facts["store"] = _store(store, isinstance(facts["cluster"], Unknown))
        if secret_keys and not isinstance(facts["cluster"], Unknown):
            seen = Facts("", namespace=namespace, operators=facts["operators"])
            facts["layer_keys"] = layer_keys(api, namespace, seen.settings, facts["store"])
    return Facts(**facts)


def operator_settings(api: Any, namespace: str) -> Union[Mapping[str, str], Unknown]:
    """Those of the operator that serves the namespace, as far as the caller may read them."""
    return Facts("", namespace=namespace, operators=Asking()(partial(_operators, api, namespace))).settings


def client_version() -> str:
    """Of the installed distribution."""
    try:
        return version("model-bundles")
    except PackageNotFoundError:  # a checkout on PYTHONPATH
        return "of a checkout"


def _own_fields() -> Mapping[str, List[str]]:
    return named_fields(json.loads(pkgutil.get_data("bundle_spec", "modelbundle.json") or b"{}"))


def _of_cluster(api: Any, namespace: str, groups: Collection[str]) -> Dict[str, Any]:
    known = Asking()
    operators = known(partial(_operators, api, namespace))
    seen = Facts("", namespace=namespace, operators=operators)
    found: Dict[str, Any] = {"operators": operators}
    if INSTALLATION in groups:
        found["fields"] = known(partial(_fields, api))
        found["policies"] = known(partial(_policies, api))
        nodes = known(lambda: _items(api, "/api/v1/nodes", "the nodes"))
        found["devices"] = nodes if isinstance(nodes, Unknown) else known(lambda: offered(nodes))
        found["nodes"] = nodes if isinstance(nodes, Unknown) else known(lambda: [node_of(node) for node in nodes])
        found.update(_ways_out(api, namespace, known, seen.installed))
    if NAMESPACE in groups:
        found.update(_of_namespace(api, namespace, seen.settings, known))
        found["limits"] = known(partial(_limits, api, seen.serving_operator))
    return found


def _ways_out(api: Any, namespace: str, known: Asking, settings: Union[Mapping[str, str], Unknown]) -> Dict[str, Any]:
    """To the proxies and package indexes that the settings name."""
    if isinstance(settings, Unknown):
        return dict.fromkeys(("proxies", "indexes"), Unknown("the operator's settings are not known"))
    as_pods = settings if in_pod() else None
    trusted = known(partial(_certificates, api, namespace, settings)) if as_pods else ""
    pem = trusted if isinstance(trusted, str) else ""
    indexes = [tried_index(url, as_pods, pem) for url in index_urls(settings)]
    return {"proxies": tried_proxies(settings), "indexes": indexes}


def _certificates(api: Any, namespace: str, settings: Mapping[str, str]) -> Optional[str]:
    """What pods trust beside nothing else; "" where no ConfigMap is named, None where it or its key is absent."""
    name, key = settings.get("CA_CONFIG_MAP", ""), settings.get("CA_KEY") or "ca.crt"
    if not name:
        return ""
    path = f"/api/v1/namespaces/{checked(namespace)}/configmaps/{checked(name)}"
    found = absent_is_none(lambda: _get(api, path, f"the ConfigMap {name}")) or {}
    if key in (found.get("binaryData") or {}):
        return base64.b64decode(found["binaryData"][key]).decode("latin-1")
    text = (found.get("data") or {}).get(key)
    return None if text is None else str(text)


def _of_namespace(
    api: Any, namespace: str, settings: Union[Mapping[str, str], Unknown], known: Asking
) -> Dict[str, Any]:
    core = f"/api/v1/namespaces/{checked(namespace)}"
    found: Dict[str, Any] = {}
    metadata = known(partial(absent_is_none, lambda: _get(api, core, f"the namespace {namespace}")["metadata"]))
    found["labels"] = metadata if metadata is None or isinstance(metadata, Unknown) else metadata.get("labels") or {}
    if isinstance(metadata, dict):
        found["annotations"] = metadata.get("annotations") or {}
    found["rights"] = {name: known(partial(_may, api, namespace, name)) for name in (*MODEL_RIGHTS, *POD_RIGHTS)}
    found["quotas"] = known(lambda: _items(api, f"{core}/resourcequotas", "the ResourceQuotas"))
    found["limit_ranges"] = known(lambda: _items(api, f"{core}/limitranges", "the LimitRanges"))

    def there(name: str) -> Union[bool, Unknown]:
        return known(lambda: _is_there(api, f"{core}/secrets/{name}", name)) if name else True

    found["secret"] = there(artifact_secret_name(settings))
    if isinstance(settings, Unknown):
        return found
    found["index_secret"] = there(settings.get("PACKAGE_INDEX_SECRET", ""))
    names = [name.strip() for name in settings.get("POD_IMAGE_PULL_SECRETS", "").split(",") if name.strip()]
    pulls = {name: there(name) for name in names}
    hidden = [answer for answer in pulls.values() if isinstance(answer, Unknown)]
    found["pull_secrets"] = hidden[0] if hidden else pulls
    pem = known(partial(_certificates, api, namespace, settings))
    if isinstance(pem, Unknown):
        found["certificates"] = pem
    elif pem is None:
        found["certificates"] = Certificates(failed="it is not there")
    else:
        found["certificates"] = certificates_in(pem, time.time()) if pem else Certificates(failed="it is empty")
    return found


def _limits(api: Any, operator: Union[Operator, Unknown]) -> Union[Mapping[str, str], Unknown, None]:
    """What tenants may ask for; nothing is asked where the operator has no limits."""
    if isinstance(operator, Unknown):
        return operator
    if not operator.settings.get("LIMITS_DIRECTORY"):
        return {}
    path = f"/api/v1/namespaces/{checked(operator.namespace)}/configmaps/{CONFIG_MAP}"
    found = absent_is_none(lambda: _get(api, path, f"the ConfigMap {CONFIG_MAP}"))
    return None if found is None else dict(found.get("data") or {})


def _get(api: Any, path: str, what: str, query: Optional[Mapping[str, str]] = None) -> Any:
    return call(api, "GET", path, what, query=query, seconds=SECONDS)


def _items(api: Any, path: str, what: str, selector: str = "") -> List[Any]:
    query = {"limit": "500", **({"labelSelector": selector} if selector else {})}
    return all_items(api, path, what, query, SECONDS)


def _fields(api: Any) -> Optional[Mapping[str, List[str]]]:
    """What everyone who is authenticated may read, unlike the CRD itself."""
    document = absent_is_none(lambda: _get(api, f"/openapi/v3/apis/{API_VERSION}", "the schema of ModelBundles"))
    if document is None:
        return None
    prefix = ".".join(reversed(GROUP.split(".")))
    return named_fields(document["components"]["schemas"][f"{prefix}.{VERSION}.ModelBundle"])


def _operators(api: Any, namespace: str) -> List[Operator]:
    """Of the whole cluster; where that may not be read, of its usual namespace, or of this one."""
    places = ("", "/namespaces/modelbundle-system", f"/namespaces/{checked(namespace)}")
    for place in places:
        try:
            found = _items(api, f"/apis/apps/v1{place}/deployments", "the operator", OPERATOR)
        except APIError as error:
            if error.status != 403 or place == places[-1]:
                raise
        else:
            return [operator_of(deployment) for deployment in found]
    return []


def operator_of(deployment: Mapping[str, Any]) -> Operator:
    """What its Deployment says; values that come from Secrets are not there."""
    metadata, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
    container = spec["template"]["spec"]["containers"][0]
    settings = {
        entry["name"][len(SETTING) :]: str(entry.get("value", ""))
        for entry in container.get("env") or []
        if entry["name"].startswith(SETTING)
    }
    found = (metadata.get("labels") or {}).get("app.kubernetes.io/version", "of an unknown version")
    replicas, ready = int(spec.get("replicas", 1)), int(status.get("readyReplicas", 0))
    return Operator(metadata["namespace"], found, replicas, ready, settings)


def _policies(api: Any) -> List[str]:
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    names = [item["metadata"]["name"] for item in _items(api, path, "the admission policies")]
    return sorted(name for name in names if name.startswith("modelbundle-"))


def _may(api: Any, namespace: str, name: str) -> bool:
    verb, resource = name.split()
    kind, _, part = resource.partition("/")
    asked = {"namespace": namespace, "verb": verb, "group": GROUP if kind.startswith("model") else "", "resource": kind}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {**asked, **({"subresource": part} if part else {})}},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    return bool(call(api, "POST", path, "what you may do", body, seconds=SECONDS)["status"]["allowed"])


def _is_there(api: Any, path: str, name: str) -> bool:
    """By the object's metadata alone."""
    what = f"the Secret {name}"
    return absent_is_none(lambda: call(api, "GET", path, what, seconds=SECONDS, extra_headers=_METADATA)) is not None


def _store(store: Callable[[], Any], alone: bool) -> StoreFacts:
    if alone and not os.environ.get("LAUNCH_ARTIFACT_URI"):
        return StoreFacts("", [], Unknown("LAUNCH_ARTIFACT_URI is not set, and no cluster says where artifacts go"))
    try:
        used = store()
    except ImportError as error:
        return StoreFacts("", [], not_installed(error))
    except LaunchError as error:
        return StoreFacts("", [], str(error))
    return tried_store(str(getattr(used, "uri", "") or getattr(used, "directory", "")), used)
