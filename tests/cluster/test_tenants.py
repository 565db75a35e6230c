"""A user who may write ModelBundles and nothing else, under limits: each way up is refused, with words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from tests.cluster.bundles import wait_condition
from tests.cluster.conftest import SETTINGS
from tests.cluster.raw_api import MERGE, RawApi, raw_api
from tests.cluster.test_doctor import doctor
from tools.testkit.install import NAMESPACE, RELEASE, helm, values
from tools.testkit.kubectl import apply, get, kubectl, wait_for
from tools.testkit.limit_rows import BEYOND, CONTACT, INVALID_TOO, LIMITS, WITHIN, artifact, within
from tools.testkit.model_bundles import model_bundle
from tools.testkit.place import ROOT, Place

MALLORY = "mallory"
OURS = "/apis/modelbundle.dev/v1alpha1/namespaces"
Body = dict[str, Any]
# what there may not be any more
BEFORE: Body = {"serviceAccountName": "deployer", "tolerations": [{"operator": "Exists"}]}

pytestmark = pytest.mark.exclusive  # the operator is installed with other values


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with raw_api() as found:
        yield found


@pytest.fixture(scope="module")
def namespace(
    operator: Callable[[], None], make_namespace: Callable[..., str], place: Place, api: RawApi
) -> Iterator[str]:
    """With limits, and with a bundle that was there before them; other namespaces have none."""
    name = make_namespace("tenant")
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": MALLORY}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "modelbundle-editor"}
    apply(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": MALLORY},
         "roleRef": role, "subjects": [subject]},
        placed(artifact(uri="s3://models/team-b/x.pkl"), "base", {"replicas": 0, **BEFORE}),
        placed(within(), "held", {"replicas": 0}),
        namespace=name,
    )  # fmt: skip
    given = values(place, SETTINGS)
    given["operator"]["tenants"] = {"enabled": True, "contact": CONTACT, "namespaces": {name: LIMITS}}
    arguments = ("upgrade", RELEASE, str(ROOT), "-n", NAMESPACE, "-f", "-", "--wait", "--timeout", "240s")
    helm(*arguments, stdin=json.dumps(given))
    try:
        wait_for("the policies to be asked", lambda: in_force(api, name), 120)
        yield name
    finally:
        operator()


def in_force(api: RawApi, namespace: str) -> bool:
    """Each of the three; they come one after the other."""
    scale = f"{OURS}/{namespace}/modelbundles/held/scale"
    asked = (
        created(api, BEYOND[0].body, namespace),
        created(api, BEYOND[-1].body, namespace),
        answer(api, MALLORY, "PATCH", scale, {"spec": {"replicas": 5}}, MERGE),
    )
    return all(status == 403 for status, _ in asked)


def placed(body: Body, name: str, serving: Body) -> Body:
    spec = {**body["spec"], "serving": {**body["spec"].get("serving", {}), **serving}}
    return {**body, "metadata": {"name": name}, "spec": spec}


def created(api: RawApi, body: Body, namespace: str, user: str | None = MALLORY) -> tuple[int, str]:
    body = {**body, "metadata": {"name": "tried"}}
    return answer(api, user, "POST", f"{OURS}/{namespace}/modelbundles", body)


def answer(
    api: RawApi, user: str | None, method: str, path: str, body: Body | None = None, kind: str = "application/json"
) -> tuple[int, str]:
    found = api.try_as(user, method, path, body, kind)
    return found.status_code, found.json().get("message", "") if found.status_code >= 400 else ""


def test_what_is_beyond_the_limits_is_refused_with_words(
    api: RawApi, namespace: str, show: Callable[[str], None]
) -> None:
    wrong = []
    for row in (*BEYOND, *INVALID_TOO):
        status, message = created(api, row.body, namespace)
        said = f"{row.words(namespace)} Ask {CONTACT}, or choose what is allowed."
        if status != 403 or said not in message:
            wrong.append(f"{row.why}: {status} {message or 'let through'}")
    assert not wrong, "\n".join(wrong)
    number = len(BEYOND) + len(INVALID_TOO)
    show(f"{number} bundles beyond a platform's limits: all refused at admission, with field, value and contact")


def test_what_is_within_them_is_let_through(api: RawApi, namespace: str) -> None:
    answers = {why: created(api, body, namespace) for why, body in WITHIN}
    assert {why: said for why, said in answers.items() if said[0] != 201} == {}


def test_other_namespaces_have_no_limits(api: RawApi, namespace: str) -> None:
    assert created(api, BEYOND[0].body, "default", None) == (201, "")


def test_doctor_says_which_of_them_hold(namespace: str, place: Place) -> None:
    _, found = doctor(namespace, place, "--only", "namespace")
    assert found["limits"]["answer"] == "yes", found["limits"]
    words = found["limits"]["says"].split("; ")
    assert f"gpusMax: 8 (of {namespace} alone)" in words
    assert (len(words), words[-1]) == (len(LIMITS) + 1, f"ask {CONTACT}")


def test_an_update_is_asked_about_what_it_changes(api: RawApi, namespace: str) -> None:
    bundle = f"{OURS}/{namespace}/modelbundles/held"

    def patched(path: str, spec: Body) -> tuple[int, str]:
        return answer(api, MALLORY, "PATCH", path, {"spec": spec}, MERGE)

    status, message = patched(bundle, {"serving": {"serviceAccountName": "deployer"}})
    assert (status, "deployer is not allowed in namespace" in message) == (403, True)
    status, message = patched(f"{bundle}/scale", {"replicas": 5})
    assert (status, f"spec.serving.replicas: 5 is not allowed in namespace {namespace}" in message) == (403, True)
    assert patched(f"{bundle}/scale", {"replicas": 4})[0] == 200
    # what was there before there were limits may still be labelled and scaled down
    assert patched(f"{OURS}/{namespace}/modelbundles/base", {"serving": {"requestTimeoutSeconds": 5}})[0] == 200


def test_the_operator_asks_what_admission_cannot_see(namespace: str) -> None:
    apply(placed(model_bundle("clone", cloneFrom={"name": "base"}, artifact=None, envParams=None, requestSchema=None,
                              responseSchema=None), "clone", {"replicas": 1, "gpu": {"count": 0}}),
          namespace=namespace)  # fmt: skip
    clone = wait_condition("clone", namespace, "Ready", "False", "InvalidValue")
    (ready,) = [each for each in clone["status"]["conditions"] if each["type"] == "Ready"]
    assert "spec.bundle.artifact.uri (inherited from ModelBundle base): s3://models/team-b/x.pkl" in ready["message"]
    assert CONTACT in ready["message"]
    assert get("deployment", "clone", namespace) is None
    kubectl("annotate", "mbun", "clone", "look=again", namespace=namespace)
    assert (get("mbun", "clone", namespace) or {})["status"] == clone["status"], "one more look"


class Way(NamedTuple):
    """Something else that a user of ModelBundles may try; what stops it is there without limits too."""

    why: str
    method: str
    path: str
    body: Body | None
    says: str
    kind: str = "application/json"


def ways(namespace: str) -> list[Way]:
    core, bundles = f"/api/v1/namespaces/{namespace}", f"{OURS}/{namespace}/modelbundles"
    limits = f"/api/v1/namespaces/{NAMESPACE}/configmaps/modelbundle-tenants"
    policy = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/modelbundle-tenants-bundle"
    container = {"name": "c", "image": "i"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    may_not = f'User "{MALLORY}" cannot '
    variables = {
        "every GPU of the node": ("NVIDIA_VISIBLE_DEVICES", "device plugin"),
        "code in the runtime's containers": ("LD_PRELOAD", "belong to the runtime"),
        "another bundle's identity": ("MODELBUNDLE_DIGEST", "belong to the runtime"),
    }
    return [
        Way("other limits", "PATCH", limits, {"data": None}, may_not, MERGE),
        Way("to read the limits of others", "GET", limits, None, may_not),
        Way("a Secret", "GET", f"{core}/secrets/modelbundle-artifacts", None, may_not),
        Way("a pod", "POST", f"{core}/pods", pod, may_not),
        Way("a status", "PATCH", f"{bundles}/held/status", {"status": {"digest": "sha256:0"}}, may_not, MERGE),
        Way("another namespace", "POST", f"{OURS}/{NAMESPACE}/modelbundles", within(), may_not),
        Way("no limits, by the end of a policy", "DELETE", policy, None, may_not),
        Way("a wider network", "POST", f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies",
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "n"},
             "spec": {"podSelector": {}}}, may_not),
        Way("the image of a running bundle", "PATCH", f"{bundles}/held",
            {"spec": {"bundle": {"envParams": None}}}, "is immutable", MERGE),
        *(Way(why, "POST", bundles, within(env=[{"name": name, "value": "x"}]), says)
          for why, (name, says) in variables.items()),
    ]  # fmt: skip


def test_other_ways_up_are_refused_with_words(api: RawApi, namespace: str, show: Callable[[str], None]) -> None:
    wrong = []
    for way in ways(namespace):
        body = way.body
        if body is not None and way.method == "POST" and body["kind"] == "ModelBundle":
            body = {**body, "metadata": {"name": "tried"}}
        status, message = answer(api, MALLORY, way.method, way.path, body, way.kind)
        if status not in (403, 422) or way.says not in message:
            wrong.append(f"{way.why}: {status} {message or 'let through'}")
    assert not wrong, "\n".join(wrong)
    show(f"{len(ways(namespace))} other ways up of a user who may write ModelBundles only: all refused")


def test_every_expression_fits_the_kind_that_it_is_asked_about(namespace: str) -> None:
    for name in ("bundle", "serving"):
        found = wait_for("the types to be checked", partial(checked, f"modelbundle-tenants-{name}"), 60)
        assert not found["status"].get("typeChecking", {}).get("expressionWarnings"), found["status"]


def checked(name: str) -> Body | None:
    policy = get("validatingadmissionpolicies", name) or {}
    seen = policy.get("status", {}).get("observedGeneration")
    return policy if seen == policy["metadata"]["generation"] else None
