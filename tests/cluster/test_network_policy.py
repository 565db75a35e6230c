"""The NetworkPolicy of the chart, enforced: what a bundle's function reaches and finds, and who gets in to the bundle.

kube-network-policies enforces it on the local cluster (tools/local_cluster/enforcer.py). Beside the namespace that has
the policy there is one that has none, where the same function reaches all that there is. In `make soak`, as the program
is built first and every connection that is dropped takes its time (MODELBUNDLE_SOAK=1).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.cluster import outage
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.conftest import SETTINGS
from tests.cluster.network_peers import (
    DNS_CACHE,
    METADATA,
    caller,
    listener,
    on_the_node,
    outside,
    read_from,
    read_here,
    read_on_the_node,
)
from tests.cluster.test_surroundings import v1
from tools.local_cluster import enforcer
from tools.local_cluster.configs import DNS_PORT, PACKAGES_PORT, S3_PORT
from tools.testkit.call import CLIENT, from_pod
from tools.testkit.install import NAMESPACE, RELEASE, helm, values
from tools.testkit.kubectl import apply, get, kubectl, list_all, wait_for
from tools.testkit.only_way import towards
from tools.testkit.place import ROOT, Place
from tools.testkit.soak import in_soak
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,  # the operator is installed with other values
    in_soak("what enforces is built first"),
    pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="what enforces is started: needs the local cluster"),
]

NAME = "reach"
PEER, MONITORING = {"role": "caller"}, "monitoring"
OPEN, CLOSED = 18443, 18444  # ports of an address outside: one that is named, one that is not
RESOLVER = "resolver"  # in kube-system, as a cluster's DNS is
PASSWORD = "an-index-password"
TOKEN = "eyJhbGciOi"  # how every token of the API server begins
PREDICT = """
import glob
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor

IMAGE = ("/proc", "/sys", "/usr", "/opt")

def reaches(target):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=4).close()
    except OSError as error:
        return str(error)
    return "reached"

def files():
    yield from glob.glob("/proc/[0-9]*/environ")
    for directory, below, names in os.walk("/"):
        below[:] = [name for name in below if os.path.join(directory, name) not in IMAGE]
        yield from (os.path.join(directory, name) for name in names)

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20).decode("latin-1") if os.path.isfile(path) else ""
    except OSError:
        return ""

def load(model):
    def predict(x, y):
        asked = json.loads(y)
        if x == 1:
            with ThreadPoolExecutor(len(asked)) as pool:
                return dict(zip(asked, pool.map(reaches, asked)))
        places = list(files())
        found = [path for path in places if any(words in read(path) for words in asked)]
        found += [name for name, value in os.environ.items() if any(words in value for words in asked)]
        return [len(places), found, sorted(os.environ), os.path.exists("/var/run/secrets")]
    return predict
"""


class Town(NamedTuple):
    team: str  # has the policy
    other: str  # has none
    monitoring: str
    outside: str  # an address that is no pod's and not the node's


@pytest.fixture(scope="module")
def enforced() -> Iterator[None]:
    if why := enforcer.lacks():
        pytest.skip(f"no NetworkPolicy can be enforced here: {why}")
    outage.start("enforcer")
    yield
    outage.stop("enforcer")


@pytest.fixture(scope="module")
def town(
    enforced: None, operator: Callable[[], None], make_namespace: Callable[..., str], place: Place, store: Store
) -> Iterator[Town]:
    node = str(urlsplit(place.s3_endpoint).hostname)
    team, other, monitoring = (make_namespace(purpose) for purpose in ("team", "other", MONITORING))
    found = Town(team, other, monitoring, towards(node))
    given = values(place, SETTINGS)
    given["operator"]["settings"]["packageIndexSecret"] = "package-index"
    given["operator"]["tenants"] = {"networkPolicy": network(found, node)}
    arguments = ("upgrade", RELEASE, str(ROOT), "-n", NAMESPACE, "-f", "-", "--wait", "--timeout", "240s")
    try:
        helm(*arguments, stdin=json.dumps(given))
        with on_the_node(), outside(found.outside, OPEN, CLOSED):
            fill(found, store)
            yield found
    finally:
        kubectl("delete", "pod", RESOLVER, "--ignore-not-found", "--wait=false", namespace="kube-system")
        kubectl("delete", "namespace", team, other, monitoring, "--wait=false")
        operator()


def network(town: Town, node: str) -> dict[str, object]:
    """The chart's values: who is let in, and what is let out."""
    inside = {"to": [{"ipBlock": {"cidr": f"{node}/32"}}]}
    return {
        "namespaces": [town.team],
        "ingressFrom": [{"podSelector": {"matchLabels": PEER}}],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": town.monitoring}}}],
        "dnsCidrs": [f"{DNS_CACHE.partition(':')[0]}/32"],
        "egress": [
            {**inside, "ports": [{"protocol": "TCP", "port": port} for port in (S3_PORT, PACKAGES_PORT)]},
            # this cluster's DNS is a process of the node, on a port of its own
            {**inside, "ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]},
            {"to": [{"ipBlock": {"cidr": f"{town.outside}/32"}}], "ports": [{"protocol": "TCP", "port": OPEN}]},
        ],
    }


def fill(town: Town, store: Store) -> None:
    """The same bundle with a policy and without, and who calls it."""
    login = v1(
        "Secret", "package-index", stringData={"netrc": f"machine packages.invalid login bot password {PASSWORD}"}
    )
    bundle = cpu_bundle(store, NAME, predict=PREDICT, requirements=["humanize==4.10.0"])
    apply(login, bundle, caller(CLIENT, PEER), caller("stranger"), namespace=town.team)
    apply(login, bundle, caller(CLIENT), namespace=town.other)
    apply(caller("prometheus"), namespace=town.monitoring)
    apply(listener(RESOLVER, 53, 54), namespace="kube-system")
    wait_ready(NAME, town.team, 300)
    wait_ready(NAME, town.other, 300)
    for pod, namespace in (("stranger", town.team), ("prometheus", town.monitoring), (RESOLVER, "kube-system")):
        kubectl("wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=180s", namespace=namespace)


def address(namespace: str) -> str:
    (pod,) = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")
    return str(pod["status"]["podIP"])


def targets(town: Town, place: Place) -> dict[str, tuple[str, bool]]:
    """What a function may try to reach: where it is, and whether the policy lets it."""
    node = urlsplit(place.s3_endpoint).hostname
    resolver = (get("pod", RESOLVER, "kube-system") or {})["status"]["podIP"]
    return {
        "the store, by its name": (urlsplit(place.s3_endpoint_in_cluster).netloc, True),
        "a network that is named": (f"{town.outside}:{OPEN}", True),
        "DNS in kube-system": (f"{resolver}:53", True),
        "a cache of DNS on the node": (DNS_CACHE, True),
        "another port there": (f"{resolver}:54", False),
        "another port of that network": (f"{town.outside}:{CLOSED}", False),
        "the metadata service": (METADATA, False),
        "the API server": ("kubernetes.default.svc:443", False),
        "the API server, by the node": (f"{node}:6443", False),
        "the kubelet": (f"{node}:10250", False),
        "another tenant's bundle": (f"{NAME}.{town.other}.svc:80", False),
        "another tenant's pod": (f"{address(town.other)}:8080", False),
    }


def reached(town: Town, place: Place, namespace: str) -> dict[str, bool]:
    asked = {what: where for what, (where, _) in targets(town, place).items()}
    answer = from_pod(NAME, namespace, {"x": 1, "y": json.dumps(list(asked.values()))})
    assert answer.status == 200, answer
    return {what: answer.value[where] == "reached" for what, where in asked.items()}


def test_a_function_reaches_what_is_named_and_nothing_else(
    town: Town, place: Place, show: Callable[[str], None]
) -> None:
    wanted = {what: let_out for what, (_, let_out) in targets(town, place).items()}
    assert reached(town, place, town.team) == wanted
    everywhere = reached(town, place, town.other)
    assert [what for what, found in everywhere.items() if not found] == [], "all of it is there"
    show(
        f"a NetworkPolicy of the chart, enforced: {list(wanted.values()).count(False)} of {len(wanted)} ways out closed"
    )


def test_peers_that_are_named_get_in_and_nobody_else(town: Town, show: Callable[[str], None]) -> None:
    pod = f"http://{address(town.team)}:8080/metrics"
    service = f"http://{NAME}.{town.team}.svc/metrics"
    asks: dict[str, Callable[[], int | str]] = {
        "a peer": partial(read_from, CLIENT, town.team, service),
        "Prometheus": partial(read_from, "prometheus", town.monitoring, pod),
        "the node, as the kubelet's probes": partial(read_on_the_node, pod),
        "a pod beside it": partial(read_from, "stranger", town.team, pod),
        "a pod beside it, by the Service": partial(read_from, "stranger", town.team, service),
        "another tenant": partial(read_from, CLIENT, town.other, pod),
        "another tenant, by the Service": partial(read_from, CLIENT, town.other, service),
        "what is outside": partial(read_here, pod),
    }
    with ThreadPoolExecutor(len(asks)) as pool:
        callers = dict(zip(asks, pool.map(lambda ask: ask(), asks.values()), strict=True))
    got_in = [who for who, said in callers.items() if said == 200]
    assert got_in == list(callers)[:3], callers
    assert read_from(CLIENT, town.other, f"http://{NAME}.{town.other}.svc/metrics") == 200, "where there is no policy"
    show(f"a NetworkPolicy of the chart, enforced: {len(got_in)} of {len(callers)} callers get in")


def test_a_function_finds_no_token_no_key_and_no_password(town: Town, place: Place) -> None:
    secrets = [TOKEN, place.access_key, place.secret_key, PASSWORD]
    answer = from_pod(NAME, town.team, {"x": 2, "y": json.dumps(secrets)})
    assert answer.status == 200, answer
    places, found, environment, mounted = answer.value
    assert places > 20
    assert (found, mounted) == ([], False)
    assert [name for name in environment if name.startswith(("AWS_", "UV_", "NETRC"))] == []
    # it does find what is there: the words that begin the file that its own code is in
    looked = from_pod(NAME, town.team, {"x": 2, "y": json.dumps(["create_connection((host"])}).value[1]
    assert [path for path in looked if path.endswith("predict.py")]


def test_the_kubelets_probes_keep_it_ready(town: Town) -> None:
    wait_ready(NAME, town.team)
    (pod,) = list_all("pods", town.team, f"modelbundle.dev/bundle={NAME}")
    status = pod["status"]
    every = status["initContainerStatuses"] + status["containerStatuses"]
    assert {each["name"]: each["restartCount"] for each in every} == dict.fromkeys((each["name"] for each in every), 0)


def test_without_the_policy_all_is_open_again(town: Town, place: Place) -> None:
    """Last of this file."""
    kubectl("delete", "networkpolicy", "modelbundles", namespace=town.team)
    wait_for("all ways out", lambda: all(reached(town, place, town.team).values()), 60)
