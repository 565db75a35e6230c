"""The examples, end to end: apply, verified artifact, pods, the right prediction from the host and from a pod."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from bundle_spec.startup import parts_of
from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.demo.examples import packed
from tools.testkit.call import from_host, from_pod, start_client
from tools.testkit.kubectl import KubectlError, Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
# where NumPy and scikit-learn came from, as the worker sees it
WHERE = """
import sys


def load(model):
    import numpy, sklearn
    def predict(x, y):
        return {"numpy": numpy.__file__, "sklearn": sklearn.__file__, "python": sys.version.split()[0]}
    return predict
"""


@dataclass(frozen=True)
class Served:
    namespace: str
    seconds_to_ready: float
    seconds_to_200: float


@pytest.fixture(scope="module")
def served(
    operator: object, make_namespace: Callable[..., str], store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    namespace = make_namespace("examples")
    start_client(namespace)
    manifests = packed(tmp_path_factory.mktemp("examples"), store)
    started = time.monotonic()
    apply(*manifests.values(), namespace=namespace)
    wait_for("the Service", lambda: get("service", "quickstart", namespace), 60)

    wait_for("the first 200", lambda: from_host("quickstart", namespace, {"x": 2, "y": "abc"}, 3).status == 200, 240)
    first = time.monotonic() - started
    wait_ready("quickstart", namespace)
    ready = time.monotonic() - started
    wait_ready("iris", namespace, 300)
    yield Served(namespace, ready, first)
    kubectl("delete", "namespace", namespace, "--wait=false")


def test_quickstart_answers_7_to_host_and_pod(served: Served, show: Callable[[str], None]) -> None:
    bundle = get("modelbundle", "quickstart", served.namespace)
    assert bundle is not None
    for answer in (
        from_host("quickstart", served.namespace, {"x": 2, "y": "abc"}),
        from_pod("quickstart", served.namespace, {"x": 2, "y": "abc"}),
    ):
        assert (answer.status, answer.value) == (200, 7)
        assert answer.digest == bundle["status"]["digest"]
    startup = bundle["status"]["startup"]
    assert sum(parts_of(startup).values()) == startup["ready"]
    phases = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in startup.items())
    show(f"apply to first 200: {served.seconds_to_200:.1f} s, to Ready: {served.seconds_to_ready:.1f} s ({phases})")


def test_digest_can_be_computed_by_anyone(served: Served) -> None:
    bundle, config_map = (get(kind, "quickstart", served.namespace) for kind in ("modelbundle", "configmap"))
    assert bundle is not None
    assert config_map is not None
    document = config_map["data"]["bundle.json"]
    assert bundle["status"]["digest"] == "sha256:" + hashlib.sha256(document.encode()).hexdigest()


def test_iris_with_requirements_answers(served: Served) -> None:
    for answer in (from_host("iris", served.namespace, FLOWER), from_pod("iris", served.namespace, FLOWER)):
        assert answer.status == 200
        assert answer.value["species"] == "setosa"
        assert answer.value["probability"] > 0.9
    bundle = get("modelbundle", "iris", served.namespace)
    assert condition(bundle, "RequirementsReady")["status"] == "True"


def test_worker_uses_the_images_numpy_and_the_installed_package(
    served: Served, store: Store, show: Callable[[str], None]
) -> None:
    """The stand-in image holds NumPy and no scikit-learn: the one must be the image's, the other come from install."""
    apply(cpu_bundle(store, "where", predict=WHERE, requirements=["scikit-learn==1.5.2"]), namespace=served.namespace)
    wait_ready("where", served.namespace, 300)
    found = from_host("where", served.namespace, {"x": 1, "y": ""}).value
    show(f"the worker's NumPy is {found['numpy']}, its scikit-learn {found['sklearn']}")
    assert found["python"].startswith("3.12")
    assert not found["numpy"].startswith("/modelbundle/")
    assert found["sklearn"].startswith("/modelbundle/requirements/")


def test_pods_run_the_images_asked_for(served: Served) -> None:
    (pod,) = list_all("pods", served.namespace, "modelbundle.dev/bundle=quickstart")
    images = {c["name"]: c["image"] for c in pod["spec"]["initContainers"] + pod["spec"]["containers"]}
    assert images["worker"].endswith("pytorch/pytorch:1.7.1-cuda11.0-cudnn8-runtime")
    assert images["server"] == images["prepare"] != images["worker"]
    assert "install" not in images  # it has no requirements
    python = kubectl("exec", pod["metadata"]["name"], "-c", "worker", "--", "python3", "-V", namespace=served.namespace)
    assert python.startswith("Python 3.8.")


def test_kubectl_reads_well(served: Served, capture: Callable[[str, str], None]) -> None:
    table = kubectl("get", "mbun", namespace=served.namespace)
    assert {"NAME", "READY", "REASON", "REPLICAS", "GPU", "BASE", "AGE"} <= set(table.splitlines()[0].split())
    described = kubectl("describe", "mbun", "quickstart", namespace=served.namespace)
    explained = kubectl("explain", "mbun.spec.bundle")
    assert "Digest:" in described
    assert "appConfigJSON" in explained
    for name, command, text in (
        ("get", "kubectl get mbun", table),
        ("describe", "kubectl describe mbun quickstart", described),
        ("explain", "kubectl explain mbun.spec.bundle", explained),
    ):
        capture(name, f"$ {command}\n{text.replace(served.namespace, 'default')}")


def test_an_edit_of_the_bundle_is_refused_and_says_what_to_do(
    served: Served, capture: Callable[[str, str], None]
) -> None:
    patch = '{"spec":{"bundle":{"appConfig":{"mode":"other"}}}}'
    with pytest.raises(KubectlError) as refused:
        kubectl("patch", "mbun", "quickstart", "--type=merge", "-p", patch, namespace=served.namespace)
    assert "spec.bundle is immutable: clone it" in str(refused.value)
    capture("refused-edit", f"$ kubectl patch mbun quickstart --type=merge -p '{patch}'\n{refused.value}")


def test_every_field_is_described() -> None:
    explained = kubectl("explain", "mbun", "--recursive", "-o", "plaintext-openapiv2")
    assert "<no description>" not in explained
    crd: Manifest | None = get("crd", "modelbundles.modelbundle.dev")
    assert crd is not None
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    assert not list(_undescribed(schema["spec"], "spec"))


def _undescribed(schema: Manifest, path: str) -> Iterator[str]:
    if not schema.get("description"):
        yield path
    for name, inner in schema.get("properties", {}).items():
        yield from _undescribed(inner, f"{path}.{name}")
