"""What the cluster tests share: the cluster, the operator installed in it by Helm, namespaces, the artifact store."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.cluster.audit import AuditLog
from tests.cluster.index_project import Project, published
from tests.cluster.operator_pods import operator_logs
from tests.gitops import health_data
from tools.demo import cluster_half
from tools.testkit.install import install
from tools.testkit.kubectl import KubectlError, Manifest, apply, get, kubectl, wait_for
from tools.testkit.place import AUDIT_LOGS, Place
from tools.testkit.side_by_side import once
from tools.testkit.store import Store

CAPTURED = Path(__file__).resolve().parent / "captured"
# shorter than the defaults, so that what is waited for comes within a test's patience
SETTINGS: dict[str, str | int] = {"noCapacitySeconds": 10, "drainSeconds": 2, "resyncSeconds": 60}
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def place() -> Place:
    return Place.from_environment()


@pytest.fixture(scope="session")
def store(place: Place) -> Store:
    return Store(place)


@pytest.fixture(scope="session")
def audit_file(place: Place) -> Path:
    if place.audit_log is None:
        pytest.skip("CLUSTER_AUDIT_LOG is not set: needs the API server's audit log")
    return place.audit_log


@pytest.fixture(scope="session")
def audit_logs(audit_file: Path) -> list[AuditLog]:
    """Of every cluster of the run."""
    return [AuditLog(Path(path)) for path in os.environ.get(AUDIT_LOGS, str(audit_file)).split(os.pathsep)]


@pytest.fixture
def audit(audit_file: Path) -> AuditLog:
    return AuditLog(audit_file)


@pytest.fixture(scope="session")
def operator(place: Place, request: pytest.FixtureRequest) -> Callable[[], None]:
    """The operator of this checkout, in the cluster from its image. Called, it puts that operator back."""

    def put_back() -> None:
        install(place, **SETTINGS)

    def begin() -> None:
        if not os.environ.get("CLUSTER"):
            # `make demo` leaves its bundles to try things with, and a small node has no room for them and all of ours
            kubectl("delete", "namespace", cluster_half.DEMO, "--ignore-not-found", timeout=300)
        put_back()

    once(request.config, "operator", begin)
    return put_back


@pytest.fixture(scope="session")
def make_namespace(place: Place) -> Iterator[Callable[..., str]]:
    """Makes namespaces that enforce Pod Security `restricted`, with the Secret; removes them all."""
    made: list[str] = []

    def make(purpose: str, *, secret: bool = True) -> str:
        name = f"test-{purpose}-{os.getpid()}-{next(_numbers)}"
        labels = {"pod-security.kubernetes.io/enforce": "restricted", "modelbundle.test": "true"}
        made.append(name)
        there = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        apply(there, *([place.secret()] if secret else []), namespace=name)
        # pods are refused until the controller manager has made the namespace's service account
        wait_for("the default service account", lambda: get("sa", "default", name), 180)
        return name

    yield make
    if made:
        kubectl("delete", "namespace", *made, "--wait=false", "--ignore-not-found")


@pytest.fixture
def namespace(request: pytest.FixtureRequest, make_namespace: Callable[..., str]) -> Iterator[str]:
    """A namespace of this test alone; its bundles go with the test, so that the node stays free for the next."""
    purpose = request.node.originalname.removeprefix("test_").replace("_", "-")[:30].rstrip("-")
    name = make_namespace(purpose)
    yield name
    kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Keeps a measured line for the run's summary: the numbers are part of what a run shows."""
    return lambda line: request.node.user_properties.append(("measured", line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for found in terminalreporter.stats.values() for report in found if hasattr(report, "when")]
    lines = [
        line for report in reports if report.when == "call" for key, line in report.user_properties if key == "measured"
    ]
    if lines:
        terminalreporter.section("measured on the cluster")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def capture() -> Callable[[str, str], None]:
    """Keeps what kubectl printed, for the pages of docs/ made from it; only when asked to (`make docs`)."""

    def keep(name: str, text: str) -> None:
        if os.environ.get("MODELBUNDLE_CAPTURE"):
            CAPTURED.mkdir(exist_ok=True)
            (CAPTURED / f"{name}.txt").write_text(text)

    return keep


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Callable[[str, Manifest], None]:
    """Keeps an object as it stands, as test data of Argo CD's health checks; only when asked to (`make docs`)."""

    def write(phase: str, body: Manifest) -> None:
        if health_data.wanted():
            health_data.keep(request.node.nodeid, phase, body)

    return write


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure on the cluster comes with the operator's last words."""
    report = yield
    if report.failed and "operator" in getattr(item, "fixturenames", ()):
        try:
            logs = operator_logs(tail=25)
        except KubectlError as error:
            logs = str(error)
        report.sections.append((f"operator's log at {time.strftime('%X')}", logs))
    return report


@pytest.fixture
def project() -> Iterator[Project]:
    """A project of the test's own in the package index."""
    with published() as project:
        yield project
