"""What the platform's settings put into every pod, and that nothing which runs is touched by them."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.render.containers import PROBE_PORT
from modelbundle_operator.settings import Settings

from tests.operator.render.test_desired import SETTINGS, containers, env, plan, pod
from tools.testkit.place import ROOT

FILE = "/modelbundle/certificates/ca.crt"
TRUST = {"SSL_CERT_FILE": FILE, "REQUESTS_CA_BUNDLE": FILE, "AWS_CA_BUNDLE": FILE}


def rendered(settings: Settings, **fields: Any) -> dict[str, dict[str, Any]]:
    """All four containers."""
    return containers(plan(settings=settings, requirements=["numpy"], **fields))


def added(settings: Settings, container: str, **fields: Any) -> dict[str, str]:
    """The variables that are there for the settings alone."""
    before, after = (env(rendered(each, **fields)[container]) for each in (Settings(), settings))
    assert [name for name in after if name in before] == list(before)
    return {name: value for name, value in after.items() if name not in before}


def test_certificates_reach_every_container_by_the_usual_variables() -> None:
    settings = Settings(ca_config_map="company-ca")
    for name in ("install", "server", "worker"):
        assert added(settings, name) == TRUST
    assert added(settings, "prepare") == {**TRUST, "MODELBUNDLE_CERTIFICATES": "ConfigMap company-ca, key ca.crt"}
    mount = {"name": "certificates", "mountPath": "/modelbundle/certificates", "readOnly": True}
    assert all(mount in container["volumeMounts"] for container in rendered(settings).values())


def test_the_volume_is_one_key_of_the_config_map_and_prepare_says_where_it_is_missing() -> None:
    result = plan(settings=Settings(ca_config_map="company-ca", ca_key="bundle.pem"))
    (volume,) = (found for found in pod(result)["volumes"] if found["name"] == "certificates")
    items = [{"key": "bundle.pem", "path": "ca.crt"}]
    assert volume["configMap"] == {"name": "company-ca", "items": items, "optional": True}


def test_a_bundles_own_value_goes_before_the_platforms() -> None:
    own = [{"name": "REQUESTS_CA_BUNDLE", "value": "/tmp/mine.pem"}]
    found = env(rendered(Settings(ca_config_map="company-ca"), env=own)["worker"])
    assert (found["REQUESTS_CA_BUNDLE"], found["SSL_CERT_FILE"]) == ("/tmp/mine.pem", FILE)


PROXY = "http://proxy.example:3128"
ALWAYS = "localhost,127.0.0.1,::1,.svc,.cluster.local,169.254.169.254,169.254.170.2,169.254.170.23"


@pytest.mark.parametrize("name", ["prepare", "install", "worker"])
def test_a_proxy_is_there_in_both_spellings_for_what_asks_others(name: str) -> None:
    found = added(Settings(https_proxy=PROXY), name)
    assert found == {"HTTPS_PROXY": PROXY, "https_proxy": PROXY, "NO_PROXY": ALWAYS, "no_proxy": ALWAYS}
    both = added(Settings(https_proxy=PROXY, http_proxy="http://other:1", no_proxy=(".example.com", ".svc")), name)
    assert (both["HTTP_PROXY"], both["http_proxy"], both["HTTPS_PROXY"]) == ("http://other:1", "http://other:1", PROXY)
    assert both["NO_PROXY"] == both["no_proxy"] == f"{ALWAYS},.example.com"


def test_the_server_asks_nobody_and_without_a_proxy_no_host_is_listed() -> None:
    assert added(Settings(https_proxy=PROXY), "server") == {}
    assert plan(settings=Settings(no_proxy=("a",))).deployment == plan(settings=Settings()).deployment


OWN, SECOND = "https://own.example/simple", "http://second.example:8080/simple"


def test_several_indexes_are_asked_in_their_order_by_install_alone() -> None:
    settings = Settings(
        package_index="http://mirror.example/pypi/simple",
        extra_package_indexes=(OWN, SECOND),
        package_index_strategy="unsafe-best-match",
    )
    assert added(settings, "install") == {
        "UV_DEFAULT_INDEX": "http://mirror.example/pypi/simple",
        "UV_INSECURE_HOST": "second.example:8080 mirror.example",
        "UV_INDEX": f"{OWN} {SECOND}",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert all(added(settings, name) == {} for name in ("prepare", "server", "worker"))


def test_the_logins_of_indexes_reach_install_and_no_other_container() -> None:
    found = rendered(Settings(package_index_secret="index-logins"))
    login = {"secretKeyRef": {"name": "index-logins", "key": "netrc"}}
    assert found["install"]["env"][-1] == {"name": "MODELBUNDLE_INDEX_NETRC", "valueFrom": login}
    del found["install"]
    assert "index-logins" not in str(found)
    assert "index-logins" not in str(pod(plan(settings=Settings(package_index_secret="index-logins"))))


def test_prepare_knows_the_ways_of_the_store_by_names_that_no_secret_has() -> None:
    settings = Settings(s3_addressing_style="virtual", s3_region="eu-1", s3_signature_version="s3")
    assert added(settings, "prepare") == {
        "MODELBUNDLE_S3_ADDRESSING_STYLE": "virtual",
        "MODELBUNDLE_S3_REGION": "eu-1",
        "MODELBUNDLE_S3_SIGNATURE_VERSION": "s3",
    }
    assert all(added(settings, name) == {} for name in ("install", "server", "worker"))


MODELS = {"key": "models", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}
GPU = {"key": "nvidia.com/gpu", "operator": "Exists"}


def test_pull_secrets_and_tolerations_of_the_platform_come_behind_the_bundles_own() -> None:
    settings = Settings(pod_image_pull_secrets=("registry", "mine"), pod_tolerations=(GPU, MODELS))
    asked = {"imagePullSecrets": [{"name": "mine"}], "tolerations": [{"key": "team", "operator": "Exists"}]}
    found = pod(plan(asked, settings=settings))
    assert found["imagePullSecrets"] == [{"name": "mine"}, {"name": "registry"}]
    assert found["tolerations"] == [{"key": "team", "operator": "Exists"}, GPU, MODELS], "the GPU's own once"
    plain = pod(plan({"gpu": {"count": 0}}, settings=settings))
    assert plain["imagePullSecrets"] == [{"name": "registry"}, {"name": "mine"}]
    assert plain["tolerations"] == [GPU, MODELS]


def test_a_platform_that_chooses_ids_is_asked_for_none_and_the_rest_stays_restricted() -> None:
    result = plan(settings=Settings(pod_ids="platform"), requirements=["numpy"])
    fixed = plan(settings=Settings(), requirements=["numpy"])
    assert pod(result)["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for name, container in containers(result).items():
        before = containers(fixed)[name].pop("securityContext")
        assert container.pop("securityContext") == {
            field: value for field, value in before.items() if field not in ("runAsUser", "runAsGroup")
        }
    assert containers(result) == containers(fixed), "nothing else is another"


def test_labels_and_annotations_of_the_platform_stand_behind_the_bundles_own_on_the_pods_alone() -> None:
    port = "traffic.sidecar.istio.io/excludeInboundPorts"
    settings = Settings(pod_labels=(("team", "ml"), ("mesh", "on")), pod_annotations=((port, "8079"),))
    asked = {"podLabels": {"team": "mine"}}
    plain, made = (plan(asked, settings=each).deployment for each in (Settings(), settings))
    before, after = (found["spec"]["template"]["metadata"] for found in (plain, made))
    assert after["labels"] == {**before["labels"], "mesh": "on"}
    assert (after["labels"]["team"], after["annotations"]) == ("mine", {**before["annotations"], port: "8079"})
    assert made["metadata"]["labels"] == plain["metadata"]["labels"]
    assert pod(plan(settings=settings)) == pod(plan(settings=Settings()))


def test_the_port_of_the_probes_is_the_one_that_the_page_has_meshes_leave_out() -> None:
    page = (ROOT / "docs/how-to/platform.md").read_text()
    probes = {found["httpGet"]["port"] for each in rendered(Settings()).values() for found in _probes(each)}
    assert probes == {PROBE_PORT}
    assert page.count(f'Ports: "{PROBE_PORT}"') + page.count(f'ports: "{PROBE_PORT}"') == 2


def _probes(container: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("startupProbe", "readinessProbe", "livenessProbe")
    return [container[name] for name in names if "httpGet" in container.get(name, {})]


SURROUNDED = Settings(
    ca_config_map="company-ca",
    https_proxy=PROXY,
    extra_package_indexes=(OWN,),
    package_index_secret="index-logins",
    s3_addressing_style="virtual",
    pod_image_pull_secrets=("registry",),
    pod_tolerations=(MODELS,),
    pod_ids="platform",
    pod_labels=(("team", "ml"),),
    pod_annotations=(("linkerd.io/inject", "enabled"),),
)


def test_a_key_without_its_config_map_is_nothing() -> None:
    assert plan(settings=Settings(ca_key="x")).deployment == plan(settings=Settings()).deployment


def test_a_bundle_that_runs_is_not_rolled_out_for_it() -> None:
    live = plan().deployment
    assert plan(live=live, settings=SURROUNDED).deployment == live
    token = plan({"rollout": {"token": "1"}}, live=live, settings=SURROUNDED)
    assert pod(token) == pod(plan({"rollout": {"token": "1"}}, settings=SURROUNDED)) != pod(plan(settings=SETTINGS))
