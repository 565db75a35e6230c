"""The second half: the examples on a real Kubernetes, by kubectl and curl alone."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import yaml

from tools.demo.conditions import ConditionLog, following
from tools.demo.examples import packed
from tools.testkit.call import client_pod, curl, from_pod, service_url
from tools.testkit.install import NAMESPACE, install, runtime_image
from tools.testkit.kubectl import KubectlError, Manifest, apply, condition, kubectl, wait_for
from tools.testkit.place import ROOT, Place
from tools.testkit.screen import line, paragraph, step, typed
from tools.testkit.store import Store

DEMO = "modelbundle-demo"
OUT = ROOT / "build" / "demo" / "cluster"
FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
SUM = {"x": 2, "y": "abc"}


def show(place: Place) -> None:
    with contextlib.suppress(KubectlError):  # of a demo before this one; the last step left its namespace to try things
        kubectl("delete", "namespace", DEMO, "--wait=false")
    step("Installing CRD and operator")
    typed(f"helm install model-bundles . -n {NAMESPACE} --create-namespace -f images.yaml")
    install(place, noCapacitySeconds=10, drainSeconds=2)
    store = Store(place)
    step("Packing examples/ and putting their artifacts into the S3 store")
    typed(f"python -m examples.pack {OUT.relative_to(ROOT)} --artifact-base {store.uri('demo')}")
    shutil.rmtree(OUT, ignore_errors=True)
    examples = packed(OUT, store, "demo")
    for name, manifest in examples.items():
        artifact = manifest["spec"]["bundle"]["artifact"]
        line(f"{name:12} {artifact['uri']}  sha256 {artifact['sha256'][:16]}...")
    _namespace(place)
    with following(DEMO) as log:
        _serve(log)
        _predict()
        _edit()
        _tamper(log, store, examples["quickstart"])
        _scale(log)
    _what_next()


def _namespace(place: Place) -> None:
    wait_for("the namespace of an earlier demo to go", lambda: not _exists(), 300)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": DEMO, "labels": labels}})
    wait_for("the service account", lambda: kubectl("get", "serviceaccount", "default", namespace=DEMO), 180)
    apply(place.secret(), client_pod(runtime_image()), namespace=DEMO)


def _exists() -> bool:
    return bool(kubectl("get", "namespace", DEMO, "--ignore-not-found", "-o", "name").strip())


def _serve(log: ConditionLog) -> None:
    step("Applying them in a namespace that enforces Pod Security `restricted`; conditions as they change")
    for name in ("quickstart", "iris"):
        typed(f"kubectl apply -n {DEMO} -f {_shown(OUT / name / 'bundle.yaml')}")
        kubectl("apply", "-f", str(OUT / name / "bundle.yaml"), namespace=DEMO)
    log.wait("quickstart and iris Ready", lambda all_of: _ready(all_of, "quickstart") and _ready(all_of, "iris"), 480)
    typed(f"kubectl get modelbundles -n {DEMO}")
    _printed(kubectl("get", "modelbundles", namespace=DEMO))


def _predict() -> None:
    step("Predictions through the Services (value, HTTP status, digest, time)")
    for name, request, expected in (("quickstart", SUM, 7), ("iris", FLOWER, "setosa")):
        with service_url(name, DEMO) as url:
            answer = curl(url, request)
        line(f"from the host    {answer.line()}")
        from_a_pod = from_pod(name, DEMO, request)
        line(f"from a pod, http://{name}.{DEMO}.svc/predict    {from_a_pod.line()}")
        for found in (answer, from_a_pod):
            value = found.value["species"] if name == "iris" else found.value
            if (found.status, value) != (200, expected):
                raise RuntimeError(f"{name}: expected {expected}, got {found}")


def _edit() -> None:
    step("An edit of appConfig: the API server refuses it")
    patch = '{"spec":{"bundle":{"appConfig":{"mode":"batched"}}}}'
    typed(f"kubectl patch modelbundle quickstart -n {DEMO} --type=merge -p '{patch}'")
    try:
        kubectl("patch", "modelbundle", "quickstart", "--type=merge", "-p", patch, namespace=DEMO)
    except KubectlError as refused:
        paragraph(str(refused))
    else:
        raise RuntimeError("the edit was NOT refused")


def _tamper(log: ConditionLog, store: Store, quickstart: Manifest) -> None:
    step("A tampered artifact: one byte is another, and the pickle is never opened")
    (file,) = (OUT / "quickstart").glob("bundle.pkl")
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    store.put("demo/tampered/bundle.pkl", bytes(data))
    tampered: Manifest = yaml.safe_load((OUT / "quickstart" / "bundle.yaml").read_text())
    tampered["metadata"]["name"] = "tampered"
    tampered["spec"]["bundle"]["artifact"]["uri"] = store.uri("demo/tampered/bundle.pkl")
    path = OUT / "tampered.json"
    path.write_text(json.dumps(tampered, indent=2))
    typed(f"kubectl apply -n {DEMO} -f {_shown(path)}")
    kubectl("apply", "-f", str(path), namespace=DEMO)

    def refused(all_of: dict[str, Manifest]) -> bool:
        return condition(all_of.get("tampered"), "Ready").get("reason") == "ArtifactDigestMismatch"

    log.wait("tampered refused", refused, 240)
    line("the whole message:")
    paragraph(condition(log.bundle("tampered"), "Ready")["message"])


def _scale(log: ConditionLog) -> None:
    step("Scaled to two")
    typed(f"kubectl scale modelbundle/quickstart --replicas=2 -n {DEMO}")
    kubectl("scale", "modelbundle/quickstart", "--replicas=2", namespace=DEMO)

    def two(all_of: dict[str, Manifest]) -> bool:
        status = (all_of.get("quickstart") or {}).get("status", {})
        return bool(status.get("readyReplicas") == 2 and condition(all_of["quickstart"], "Ready")["status"] == "True")

    seconds = log.wait("two replicas", two, 240)
    line(f"two pods of the same digest answer after {seconds:.1f} s")
    _printed(kubectl("get", "pods", "-l", "modelbundle.dev/bundle=quickstart", namespace=DEMO))
    with service_url("quickstart", DEMO) as url:
        line(curl(url, SUM).line())


def _what_next() -> None:
    step("All of it ran. What to try next")
    line('eval "$(.venv/bin/python -m tools.local_cluster env)"      (not with CLUSTER=current)')
    for command in (
        f"kubectl describe modelbundle tampered -n {DEMO}",
        f"kubectl delete deployment quickstart -n {DEMO}       (and see it come back)",
        f'.venv/bin/modelbundle predict quickstart \'{{"x": 3, "y": "four"}}\' -n {DEMO}',
        "kubectl explain modelbundle.spec.bundle",
        "make test",
        "make clean-cluster",
    ):
        line(command)


def _ready(all_of: dict[str, Manifest], name: str) -> bool:
    return bool(condition(all_of.get(name), "Ready").get("status") == "True")


def _printed(text: str) -> None:
    for row in text.splitlines():
        line(row)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
