"""What is started: the same function as a bare pod, in KServe's shape made by hand, and as a bundle. Pure.

KServe itself is not here: its shape is an init container that fetches with boto3 and a container that runs pip before
it serves, which is what its storage initializer and a requirements file in a custom predictor come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Manifest = dict[str, Any]

PREDICT = "def load(model):\n    def predict(x):\n        return model(x)\n    return predict\n"
# what is installed is also imported
MODEL = "{imports}\ndef load():\n{read}    return lambda x: x * 2\n"
WEIGHTS = "weights.bin"
# once and in blocks, as into a device: what a model does with them is not what is measured
READ_WEIGHTS = f"""    import pathlib
    with open(pathlib.Path(__file__).with_name("{WEIGHTS}"), "rb", buffering=0) as file:
        while file.read(1 << 24):
            pass
"""
SERVE = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path[:0] = sys.argv[1:]
import model, predict

function = predict.load(model.load())

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"ready")

    def do_POST(self):
        fields = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer(json.dumps(function(**fields)).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
# the image of the function has no pip: it comes from that of the init container
FETCH = """
import pathlib, shutil, sys, zipfile
import boto3, pip
boto3.client("s3").download_file(sys.argv[1], sys.argv[2], "/mnt/models/artifact.zip")
zipfile.ZipFile("/mnt/models/artifact.zip").extractall("/mnt/models/code")
shutil.copytree(pathlib.Path(pip.__file__).parent, "/mnt/models/pip/pip")
"""
IMAGE = "docker.io/stand-in/python:3.12"
SMALL = {"cpu": "10m", "memory": "256Mi"}


def sources(imports: Sequence[str], weights: bool = False) -> dict[str, str]:
    """The modules of the function; with weights, which lie beside them, it reads these before it serves."""
    lines = "\n".join(f"import {name}" for name in imports)
    return {"predict": PREDICT, "model": MODEL.format(imports=lines, read=READ_WEIGHTS if weights else "")}


def bare_pod(name: str, imports: Sequence[str]) -> list[Manifest]:
    """Nothing to fetch and nothing to install: what no serving system is faster than."""
    files = {f"{module}.py": text for module, text in {**sources(imports), "serve": SERVE}.items()}
    code: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(name), "data": files}
    container = {**_container("serve", IMAGE), "command": ["python3", "/code/serve.py", "/code"]}
    container["volumeMounts"] = [{"name": "code", "mountPath": "/code"}]
    return [code, _deployment(name, [], container, {"name": "code", "configMap": {"name": name}}), _service(name)]


def by_hand(name: str, requirements: Sequence[str], bucket: str, key: str, index: str, fetcher: str) -> list[Manifest]:
    """KServe's shape. `fetcher` is an image with boto3 and pip; the Secret of the artifact store is `STORE_SECRET`."""
    work = [{"name": "work", "mountPath": "/mnt/models"}]
    init = {**_container("storage-initializer", fetcher), "command": ["python3", "-c", FETCH, bucket, key]}
    init |= {"envFrom": [{"secretRef": {"name": STORE_SECRET}}], "volumeMounts": work}
    host = index.partition("://")[2].partition("/")[0].partition(":")[0]
    options = f"--quiet --target /mnt/models/site --index-url {index} --trusted-host {host} --no-cache-dir"
    serve = "exec python3 /serve/serve.py /mnt/models/code /mnt/models/site"
    install = f"PYTHONPATH=/mnt/models/pip python3 -m pip install {options} {' '.join(requirements)} && "
    container = {**_container("serve", IMAGE), "volumeMounts": [*work, {"name": "code", "mountPath": "/serve"}]}
    container["command"] = ["sh", "-c", install + serve if requirements else serve]
    container["env"] = [{"name": "HOME", "value": "/mnt/models"}]
    code: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(name)}
    code["data"] = {"serve.py": SERVE}
    volumes = [{"name": "work", "emptyDir": {}}, {"name": "code", "configMap": {"name": name}}]
    return [code, _deployment(name, [init], container, *volumes), _service(name)]


def bundle(name: str, uri: str, sha256: str, requirements: Sequence[str], gpus: int) -> Manifest:
    """The same function as a ModelBundle."""
    content = {
        "artifact": {"uri": uri, "sha256": sha256, "packaging": "zip"},
        "envParams": {"frameworkType": "custom_base_image", "customBaseImage": _repository_and_tag(IMAGE)},
        "loadPredictFn": "predict.load",
        "loadModelFn": "model.load",
        **({"requirements": list(requirements)} if requirements else {}),
    }
    return _model_bundle(name, content, gpus)


def clone(name: str, base: str, gpus: int) -> Manifest:
    """One of another appConfig."""
    return _model_bundle(name, {"cloneFrom": {"name": base}, "appConfig": {"of": name}}, gpus)


STORE_SECRET = "modelbundle-artifacts"


def _model_bundle(name: str, content: Manifest, gpus: int) -> Manifest:
    serving = {"gpu": {"count": gpus}, "resources": SMALL, "replicas": 1}
    spec = {"bundle": content, "serving": serving}
    return {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelBundle", "metadata": {"name": name}, "spec": spec}


def _container(name: str, image: str) -> Manifest:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def _deployment(name: str, init: list[Manifest], container: Manifest, *volumes: Manifest) -> Manifest:
    """With one GPU, and asked every second whether it is ready, as a bundle is."""
    gpu = {"nvidia.com/gpu": 1}
    container |= {
        "resources": {"requests": {**SMALL, **gpu}, "limits": gpu},
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": init,
        "containers": [container],
        "volumes": list(volumes),
    }
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(name), "spec": spec}


def _service(name: str) -> Manifest:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(name), "spec": spec}


def _metadata(name: str) -> Manifest:
    return {"name": name, "labels": {"app": name}}


def _repository_and_tag(image: str) -> dict[str, str]:
    repository, _, tag = image.rpartition(":")
    return {"repository": repository, "tag": tag}
