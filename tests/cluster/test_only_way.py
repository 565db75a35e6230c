"""A namespace as companies have them: a proxy is the only way out; the store has a certificate of a private authority,
and so has an index with a login, which goes before another one; a quota counts limits.cpu. A bundle is Ready there, and
what is missing is said by the bundle and by `modelbundle doctor`.

The proxy runs beside the tests, at this machine's address towards the node, and alone knows where the names lead. There
the store answers without a proxy too, by TLS that it speaks itself. All bundles are made at once and wait side by side.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.cluster.bundles import SMALL, cpu_bundle, wait_condition, wait_ready
from tests.cluster.conftest import SETTINGS
from tests.cluster.operator_pods import leader
from tests.cluster.test_doctor import doctor
from tests.cluster.test_surroundings import v1
from tools.local_cluster.place import here
from tools.testkit.artifact_stores import serving_s3
from tools.testkit.call import CLIENT, post, service_url, start_client
from tools.testkit.distributions import wheel
from tools.testkit.install import NAMESPACE, RELEASE, helm, values
from tools.testkit.kubectl import KubectlError, Manifest, apply, condition, get, kubectl, list_all
from tools.testkit.only_way import OnlyWay, towards
from tools.testkit.package_index import served_index
from tools.testkit.place import ROOT, SECRET, Place
from tools.testkit.private_authority import PrivateAuthority
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,  # the operator is installed with other settings
    pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="its pods reach this machine: needs the local cluster"),
]

NAME = "enclosed"
STORE, OWN, PUBLIC = "store.outside.example", "own.outside.example", "packages.outside.example"
UNKNOWN = "https://unknown.outside.example"  # the proxy knows no way there
LOGIN, PASSWORD = f"machine {OWN} login bot", "the-index-password"
RIGHT = "right"
LABELS, ANNOTATIONS = {"team": "ml"}, {"traffic.sidecar.istio.io/excludeInboundPorts": "8079"}
PREDICT = """
import os
import urllib.request

def load(model):
    import humanize
    import ours

    def predict(x, y):
        status = urllib.request.urlopen(y).status
        return [ours.origin, humanize.intcomma(1000), status, "PASSWORD" in str(os.environ), model(x)]
    return predict
""".replace("PASSWORD", PASSWORD)
ASK = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10)"


class Lack(NamedTuple):
    """What a bundle says in a namespace that lacks something, and the check of doctor that says no there."""

    reason: str
    says: tuple[str, ...]
    check: str = ""
    change: str = ""


LACKS = {
    "no-authority": Lack("SecretNotFound", ("ConfigMap company-ca, key ca.crt",), "certificates", "caConfigMap"),
    "other-authority": Lack("StoreUnreachable", ("is not trusted", "company-ca", "add the one that has signed it")),
    "no-login": Lack("SecretNotFound", ("package-index",), "index-secret", "packageIndexSecret"),
    "wrong-login": Lack("IndexUnreachable", (f"https://{OWN}/simple/ours/", "HTTP 401", "packageIndexSecret")),
}


@pytest.fixture(scope="module")
def this_machine(place: Place) -> str:
    return towards(str(urlsplit(place.s3_endpoint).hostname))


@pytest.fixture(scope="module")
def authority(this_machine: str, tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("authority"), [STORE, OWN, this_machine])


@pytest.fixture(scope="module")
def store_by_tls(this_machine: str, authority: PrivateAuthority, place: Place) -> Iterator[str]:
    """What the cluster's store holds, by a second server of it."""
    tls = ("--cert", str(authority.certificate), "--key", str(authority.key))
    with serving_s3(here().state / "s3", this_machine, place.access_key, place.secret_key, *tls) as url:
        yield url


@pytest.fixture(scope="module")
def proxy(
    place: Place, this_machine: str, authority: PrivateAuthority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OnlyWay]:
    own = tmp_path_factory.mktemp("own")
    (own / "files").mkdir()
    wheel(own / "files", "ours", "1.0", origin="behind a login")
    store = urlsplit(place.s3_endpoint)
    with served_index(own, login=f"bot:{PASSWORD}") as index:
        names = {
            STORE: store.netloc,
            OWN: urlsplit(index).netloc,
            PUBLIC: f"{store.hostname}:{urlsplit(place.index_in_cluster).port}",
        }
        running = OnlyWay(names, authority.of_a_server(), this_machine)
        yield running
        running.close()


@pytest.fixture(scope="module")
def settings(operator: Callable[[], None], place: Place, this_machine: str, proxy: OnlyWay) -> Iterator[None]:
    """The operator has those that all of this takes."""
    given = values(place, SETTINGS)
    given["operator"]["settings"] |= {
        "caConfigMap": "company-ca",
        "httpProxy": proxy.url,
        "httpsProxy": proxy.url,
        "noProxy": [this_machine],
        "extraPackageIndexes": [f"https://{OWN}/simple"],
        "packageIndex": f"http://{PUBLIC}/simple",
        "packageIndexSecret": "package-index",
        "podLabels": LABELS,
        "podAnnotations": ANNOTATIONS,
    }
    arguments = ("upgrade", RELEASE, str(ROOT), "-n", NAMESPACE, "-f", "-", "--wait", "--timeout", "240s")
    try:
        helm(*arguments, stdin=json.dumps(given))
        leader()  # not one that is on its way out
        yield
    finally:
        operator()


@pytest.fixture(scope="module")
def namespaces(
    settings: None,
    make_namespace: Callable[..., str],
    place: Place,
    store: Store,
    store_by_tls: str,
    authority: PrivateAuthority,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """By what each lacks; its bundles are there."""
    other = PrivateAuthority(tmp_path_factory.mktemp("other"))
    made = {lack: make_namespace(lack, secret=False) for lack in (RIGHT, *LACKS)}
    start_client(made[RIGHT])
    for lack, namespace in made.items():
        trusted = (other if lack == "other-authority" else authority).file.read_text()
        password = "another" if lack == "wrong-login" else PASSWORD
        around = {
            "no-authority": v1("ConfigMap", "company-ca", data={"ca.crt": trusted}),
            "no-login": v1("Secret", "package-index", stringData={"netrc": f"{LOGIN} password {password}"}),
        }
        there = [found for without, found in around.items() if without != lack]
        apply(*there, keys(place, SECRET, f"https://{STORE}"), enclosed(store, NAME), namespace=namespace)
    for namespace in (made[RIGHT], made["other-authority"]):
        direct = enclosed(store, "direct", artifactSecretName="direct")
        apply(keys(place, "direct", store_by_tls), direct, namespace=namespace)
    kubectl("create", "quota", "cpu", "--hard=limits.cpu=20", namespace=made[RIGHT])
    apply(
        keys(place, "elsewhere", UNKNOWN),
        enclosed(store, "elsewhere", artifactSecretName="elsewhere"),
        enclosed(store, "unlimited", resources=SMALL),
        namespace=made[RIGHT],
    )
    yield made
    kubectl("delete", "namespace", *made.values(), "--wait=false")


def keys(place: Place, name: str, endpoint: str) -> Manifest:
    """The Secret of a store at this address."""
    found = place.secret()
    return v1("Secret", name, stringData={**found["stringData"], "AWS_ENDPOINT_URL": endpoint})


def enclosed(store: Store, name: str, **serving: Any) -> Manifest:
    """A bundle that asks both indexes for something, with a CPU limit unless `serving` says otherwise."""
    limited = {"resources": {**SMALL, "cpuLimit": "1"}, **serving}
    return cpu_bundle(store, name, predict=PREDICT, requirements=["ours==1.0", "humanize==4.10.0"], serving=limited)


def message(name: str, namespace: str, reason: str) -> str:
    return str(condition(wait_condition(name, namespace, "Ready", "False", reason, 300), "Ready")["message"])


def test_a_bundle_is_ready_by_the_only_way_out(
    namespaces: dict[str, str], proxy: OnlyWay, show: Callable[[str], None]
) -> None:
    namespace = namespaces[RIGHT]
    wait_ready(NAME, namespace, 300)
    with service_url(NAME, namespace) as url:
        answer = post(f"{url}/predict", {"x": 1, "y": f"http://{PUBLIC}/simple/"}).value
    assert answer == ["behind a login", "1,000", 200, False, 2]
    assert {f"{STORE}:443", f"{OWN}:443"} <= set(proxy.asked)
    assert any(asked.startswith(f"http://{PUBLIC}/files/humanize") for asked in proxy.asked)
    (pod,) = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME},team=ml")
    assert pod["metadata"]["annotations"].items() >= ANNOTATIONS.items()
    for name in (f"https://{STORE}", f"http://{PUBLIC}/simple/"):
        with pytest.raises(KubectlError, match="urlopen error"):
            kubectl("exec", CLIENT, "--", "python3", "-c", ASK, name, namespace=namespace)
    kubectl("annotate", "modelbundle", NAME, "looked-at=once", namespace=namespace)
    wait_ready(NAME, namespace)
    assert (get("deployment", NAME, namespace) or {})["metadata"]["generation"] == 1, "one more reconcile"
    show("a proxy as the only way out, a private authority, two indexes, a login, limits.cpu: Ready")


def test_a_store_that_speaks_tls_itself_is_trusted_by_its_authority_alone(
    namespaces: dict[str, str], proxy: OnlyWay, store_by_tls: str
) -> None:
    wait_ready("direct", namespaces[RIGHT], 300)
    said = message("direct", namespaces["other-authority"], "StoreUnreachable")
    assert "is not trusted" in said
    assert [asked for asked in proxy.asked if urlsplit(store_by_tls).netloc in asked] == []


@pytest.mark.parametrize("lack", LACKS)
def test_what_a_namespace_lacks_is_said(namespaces: dict[str, str], lack: str) -> None:
    said = message(NAME, namespaces[lack], LACKS[lack].reason)
    assert [words for words in LACKS[lack].says if words not in said] == [], said
    assert PASSWORD not in said


def test_a_store_that_the_proxy_knows_no_way_to_is_said_with_the_proxy(
    namespaces: dict[str, str], proxy: OnlyWay
) -> None:
    said = message("elsewhere", namespaces[RIGHT], "StoreUnreachable")
    assert f"it was asked through the proxy {proxy.url}" in said


def test_a_quota_on_limits_of_cpu_is_said_with_the_field(namespaces: dict[str, str]) -> None:
    assert "serving.resources.cpuLimit" in message("unlimited", namespaces[RIGHT], "PodsRefused")


def test_doctor_says_the_same_of_each_namespace(namespaces: dict[str, str], place: Place) -> None:
    for lack in (name for name, found in LACKS.items() if found.check):
        _, found = doctor(namespaces[lack], place, "--only", "namespace")
        assert [name for name, check in found.items() if check["answer"] == "no"] == [LACKS[lack].check], lack
        assert LACKS[lack].change in found[LACKS[lack].check]["change"]
    _, found = doctor(namespaces[RIGHT], place, "--only", "namespace")
    assert found["certificates"]["says"] == "the ConfigMap company-ca, key ca.crt has 1"
    assert [name for name, check in found.items() if check["answer"] == "no"] == ["quota"]
    assert "spec.serving.resources.cpuLimit" in found["quota"]["change"]


def test_without_the_proxy_there_is_no_way(namespaces: dict[str, str], proxy: OnlyWay, store: Store) -> None:
    """Last of this file."""
    proxy.close()
    apply(enclosed(store, "late"), namespace=namespaces[RIGHT])
    with pytest.raises(KubectlError):
        helm("test", RELEASE, "-n", NAMESPACE, "--timeout", "120s")
    said = kubectl("logs", "modelbundle-doctor", namespace=NAMESPACE)
    assert f"{proxy.url} cannot be reached" in said
    assert "proxies: operator.settings.httpsProxy and httpProxy of the chart" in said
    late = message("late", namespaces[RIGHT], "StoreUnreachable")
    assert f"it was asked through the proxy {proxy.url}" in late
    assert condition(get("mbun", NAME, namespaces[RIGHT]), "Ready")["status"] == "True", "what serves goes on"
