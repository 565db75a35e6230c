"""Pod Security `restricted` admits each pod that a bundle can have: of every shape of bundle that the CRD takes, with
all that surrounds it, and the Job that tries it first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import desired
from modelbundle_operator.render.precheck import precheck_job
from modelbundle_operator.settings import Settings

from tests.cluster.raw_api import raw_api
from tools.testkit.crd_corpus import VALID

Spec = dict[str, Any]
# what a pod may ask for and this namespace does not have is no matter of security
NOT_THERE = ("serviceAccountName", "priorityClassName", "runtimeClassName")
PLATFORMS = {
    "none": Settings(runtime_image="r", artifact_secret="s"),
    "all that a platform sets": Settings(
        runtime_image="r",
        artifact_secret="s",
        ca_config_map="company-ca",
        https_proxy="http://proxy.example:3128",
        package_index="http://index.example/simple",
        package_index_secret="package-index",
        pod_image_pull_secrets=("registry",),
        pod_tolerations=({"key": "models", "operator": "Exists"},),
        pod_ids="platform",
    ),
}


def pods(settings: Settings) -> Iterator[tuple[str, Spec]]:
    """Of each bundle the pod that serves and the one that tries it; both install something."""
    for why, body in VALID:
        if "cloneFrom" in body["spec"]["bundle"]:
            continue  # runs what its base runs
        body = {**body, "spec": {**body["spec"], "bundle": {"requirements": ["numpy"], **body["spec"]["bundle"]}}}
        bundle = parse(body)
        resolution = resolve(bundle)
        yield why, desired(bundle, resolution, settings, None).deployment["spec"]["template"]["spec"]
        yield f"{why}, tried", precheck_job(bundle, resolution, settings, "tried", "")["spec"]["template"]["spec"]


def test_every_pod_of_a_bundle_is_admitted(make_namespace: Callable[..., str], show: Callable[[str], None]) -> None:
    path = f"/api/v1/namespaces/{make_namespace('pod-security', secret=False)}/pods"
    with raw_api() as api:

        def asked(spec: Spec) -> tuple[int, str]:
            there = {name: value for name, value in spec.items() if name not in NOT_THERE}
            answer = api.try_as(None, "POST", path, {"metadata": {"name": "tried"}, "spec": there})
            return answer.status_code, answer.json().get("message", "")

        made = [(f"{why} ({name})", spec) for name, settings in PLATFORMS.items() for why, spec in pods(settings)]
        answers = {why: asked(spec) for why, spec in made}
        loose = {**made[0][1], "securityContext": {}}
        assert "violates PodSecurity" in asked(loose)[1], "the namespace asks"
    assert {why: said for why, said in answers.items() if said[0] != 201} == {}
    assert len(answers) == len(made) > 100
    show(f"Pod Security restricted: {len(made)} of {len(made)} pods of bundles admitted")
