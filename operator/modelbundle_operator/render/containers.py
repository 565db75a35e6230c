"""The containers of a pod: what each runs as, sees and may use.

docs/reference/pod-contract.md says the same of each container and volume.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from bundle_runtime.contract.document_loader import DIGEST_VARIABLE
from bundle_runtime.contract.layout import HOME, NETRC_VARIABLE, USER_CODE_UID, Layout
from bundle_runtime.contract.warm_up import VARIABLE as WARM_UP_VARIABLE
from bundle_spec.connection_age import IDLE_OPTION
from bundle_spec.quantity import whole_cpus
from modelbundle_operator.api.names import ModelBundle, Serving
from modelbundle_operator.api.resources import Quantity
from modelbundle_operator.bundle.images import worker_image
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.claim import claim_mounts
from modelbundle_operator.render.layers import layer_mounts, layer_option
from modelbundle_operator.render.observing import server_flags, tracing_env
from modelbundle_operator.render.probes import server_probes
from modelbundle_operator.render.resources import prepare_resources, server_resources, worker_resources
from modelbundle_operator.render.surroundings import (
    artifact_secret,
    literal,
    proxy_env,
    store_env,
    trust_env,
    trust_mounts,
    trust_origin,
    user,
)
from modelbundle_operator.render.volumes import author_mounts
from modelbundle_operator.settings import Settings

HTTP_PORT = 8080
PROBE_PORT = 8079  # which user code must leave alone too, so none that people choose
LAYOUT = Layout()

PREPARE_UID = 65531
SERVER_UID = 65532


def prepare(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> dict[str, Any]:
    """Fetches and checks the artifact. The only container that sees the artifact store's credentials."""
    around = trust_env(settings) | trust_origin(settings) | proxy_env(settings) | store_env(settings)
    secret = artifact_secret(bundle.spec.serving, resolution.uri, settings)
    return {
        "name": "prepare",
        "image": settings.runtime_image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": [
            *("python", "-m", "bundle_runtime.prepare", "--uri", literal(resolution.uri)),
            *layer_option(bundle.spec.serving, resolution),
        ],
        "env": _env(_identity(resolution) | _warm_up(bundle.spec.serving) | around),
        **({"envFrom": [{"secretRef": {"name": secret}}]} if secret else {}),
        "resources": prepare_resources(bundle.spec.serving),
        "securityContext": _restricted(PREPARE_UID, settings),
        "volumeMounts": [
            _config_mount(),
            _mount("bundle", LAYOUT.bundle_dir),
            *layer_mounts(resolution, read_only=False),
            _mount("runtime-tmp", "/tmp"),
            *trust_mounts(settings),
            *claim_mounts(resolution.uri),
        ],
    }


def install(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> dict[str, Any]:
    """Installs what the image lacks, in the user's image, with the worker's CPU and memory, reserved anyway."""
    around = trust_env(settings) | proxy_env(settings)
    return {
        "name": "install",
        "image": worker_image(resolution.document, settings),
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["python3", "-m", "bundle_runtime.worker.install"],
        "workingDir": LAYOUT.runtime_dir,
        "env": [
            *_env(_identity(resolution) | _user_image_env("/tmp") | _index_env(settings) | _NO_GPU | around),
            *_index_login(settings),
        ],
        "resources": worker_resources(bundle.spec.serving, gpu=False),
        "securityContext": _restricted(USER_CODE_UID, settings),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            _config_mount(),
            _mount("bundle", LAYOUT.bundle_dir, read_only=True),
            _mount("requirements", LAYOUT.requirements_dir),
            *layer_mounts(resolution),
            _mount("install-tmp", "/tmp"),
            *trust_mounts(settings),
        ],
    }


def server(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> dict[str, Any]:
    """The HTTP front. A native sidecar: it is up before the worker and outlives its restarts."""
    serving = bundle.spec.serving
    options = {
        "--name": bundle.metadata.name,  # protocols with a model in their paths ask for it
        "--port": HTTP_PORT,
        "--probe-port": PROBE_PORT,
        "--max-concurrency": serving.max_concurrency,
        "--request-timeout-seconds": serving.request_timeout_seconds,
        "--max-request-bytes": serving.max_request_bytes,
        IDLE_OPTION: serving.idle_seconds,
        "--drain-seconds": settings.drain_seconds,
    }
    if serving.cors_origins:
        options["--cors-origins"] = ",".join(serving.cors_origins)
    return {
        "name": "server",
        "image": settings.runtime_image,
        "imagePullPolicy": settings.image_pull_policy,
        "restartPolicy": "Always",
        "command": [
            "python", "-m", "bundle_runtime.server", *(str(word) for option in options.items() for word in option),
            *server_flags(serving),
        ],
        "env": _env(_identity(resolution) | tracing_env(bundle, settings) | trust_env(settings)),
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"},
            {"name": "probes", "containerPort": PROBE_PORT, "protocol": "TCP"},
        ],
        **server_probes(PROBE_PORT),
        # exec, not HTTP: an HTTP hook comes over the network, and then anyone could drain the pod
        "lifecycle": {"preStop": {"exec": {"command": ["python", "-m", "bundle_runtime.server.drain"]}}},
        "resources": server_resources(serving),
        "securityContext": _restricted(SERVER_UID, settings),
        "volumeMounts": [
            _config_mount(), _mount("socket", _SOCKET_DIR), _mount("runtime-tmp", "/tmp"), *trust_mounts(settings),
        ],
    }  # fmt: skip


def worker(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> dict[str, Any]:
    """The user's model in the user's image."""
    serving = bundle.spec.serving
    own = _identity(resolution) | _user_image_env(HOME)
    own |= {
        "MODELBUNDLE_MAX_CONCURRENCY": str(serving.max_concurrency),
        "MODELBUNDLE_CLEAR_TMP": "1",
        "MODELBUNDLE_STARTUP_SECONDS": str(serving.startup_timeout_seconds),
    }
    if (cpus := _cpus(serving)) is not None:
        own["MODELBUNDLE_CPUS"] = str(whole_cpus(cpus))
    if not serving.gpu.count:
        own |= _NO_GPU
    own |= _warm_up(serving)
    own |= trust_env(settings) | proxy_env(settings)
    users = {
        entry["name"]: literal(entry["value"])
        for entry in resolution.document.get("env", [])
        if not _GIVES_DEVICES.fullmatch(entry["name"])
    }
    keys = {entry.name: entry.model_dump(by_alias=True, exclude_none=True) for entry in serving.env or []}
    return {
        "name": "worker",
        "image": worker_image(resolution.document, settings),
        "imagePullPolicy": settings.image_pull_policy,
        "command": ["python3", "-m", "bundle_runtime.worker"],
        "workingDir": LAYOUT.runtime_dir,
        "env": [entry for entry in _env(own | users) if entry["name"] not in keys] + list(keys.values()),
        **_env_from(serving),
        "resources": worker_resources(serving, gpu=True),
        "securityContext": _restricted(USER_CODE_UID, settings),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            _config_mount(),
            _mount("bundle", LAYOUT.bundle_dir, read_only=True),
            _mount("requirements", LAYOUT.requirements_dir, read_only=True),
            *layer_mounts(resolution),
            # to connect is not a write to the file system; read-only keeps user code from replacing the socket
            _mount("socket", _SOCKET_DIR, read_only=True),
            _mount("tmp", "/tmp"),
            _mount("shm", "/dev/shm"),
            *trust_mounts(settings),
            *author_mounts(serving),
        ],
    }


_SOCKET_DIR = LAYOUT.worker_socket.rpartition("/")[0]
_CONFIG_DIR = LAYOUT.config_file.rpartition("/")[0]

# CUDA images ask the NVIDIA runtime for every GPU of the node, also in a container that was given none
_NO_GPU = {"NVIDIA_VISIBLE_DEVICES": "void"}
# a pod's own value beats the device plugin's. The CRD refuses the names; bundles of an older one may have them
_GIVES_DEVICES = re.compile(r"(NVIDIA|HIP|ROCR|HABANA)_\w*(DEVICES|CHANNELS)")


def _cpus(serving: Serving) -> Quantity | None:
    """What is asked for; where nothing is, what the worker may use at most."""
    asked = serving.resources
    return None if asked is None else asked.cpu if asked.cpu is not None else asked.cpu_limit


def _warm_up(serving: Serving) -> dict[str, str]:
    """Only where there is one: the template of what runs is kept byte for byte (docs/adr/0002)."""
    return {WARM_UP_VARIABLE: literal(serving.warm_up)} if serving.warm_up else {}


def _identity(resolution: Resolution) -> dict[str, str]:
    return {"MODELBUNDLE_ROOT": LAYOUT.root, DIGEST_VARIABLE: resolution.digest}


def _user_image_env(home: str) -> dict[str, str]:
    """What an arbitrary image needs to run as a user that its /etc/passwd does not have, on a read-only root."""
    return {
        "HOME": home,
        "TMPDIR": "/tmp",
        "XDG_CACHE_HOME": f"{home}/.cache",
        "USER": "modelbundle",
        "LOGNAME": "modelbundle",
        "PYTHONSAFEPATH": "",
        "PYTHONDONTWRITEBYTECODE": "",
    }


def _index_env(settings: Settings) -> dict[str, str]:
    parts = [urlsplit(url) for url in (*settings.extra_package_indexes, settings.package_index)]
    found = {
        "UV_DEFAULT_INDEX": settings.package_index,
        "UV_INSECURE_HOST": " ".join(dict.fromkeys(url.netloc for url in parts if url.scheme == "http")),
        "UV_INDEX": " ".join(settings.extra_package_indexes),
        "UV_INDEX_STRATEGY": settings.package_index_strategy,
    }
    return {name: value for name, value in found.items() if value}


def _index_login(settings: Settings) -> list[dict[str, Any]]:
    """As a variable and not a volume: no admission policy has to let volumes of Secrets through."""
    if not settings.package_index_secret:
        return []
    key = {"name": settings.package_index_secret, "key": "netrc"}
    return [{"name": NETRC_VARIABLE, "valueFrom": {"secretKeyRef": key}}]


def _env(values: dict[str, str]) -> list[dict[str, str]]:
    """An empty value is left out, as the API server leaves it out."""
    return [{"name": name, "value": value} if value else {"name": name} for name, value in values.items()]


def _env_from(serving: Serving) -> dict[str, Any]:
    sources = [source.model_dump(by_alias=True, exclude_none=True) for source in serving.env_from or []]
    return {"envFrom": sources} if sources else {}


def _restricted(uid: int, settings: Settings) -> dict[str, Any]:
    return {
        "runAsNonRoot": True,
        **user(uid, settings),
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _mount(volume: str, path: str, read_only: bool = False) -> dict[str, Any]:
    return {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}


def _config_mount() -> dict[str, Any]:
    return _mount("config", _CONFIG_DIR, read_only=True)
