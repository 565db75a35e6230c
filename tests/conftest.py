"""Which Kubernetes the cluster tests use, and an honest last line when they used none.

CLUSTER unset: the local cluster, started before the first test so that its progress shows and no test's time limit
counts it. CLUSTER=current: kubectl's current context. CLUSTER=none: cluster tests are skipped, and the summary ends
with NOT PROVED.

With `-n`, as in `make test`, pytest-xdist runs the tests in several processes (tools/testkit/side_by_side.py), one of
them with a local cluster of its own. The process that starts them collects the tests too: it knows which clusters are
needed and starts them before them.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tools.local_cluster.place import here as local_cluster
from tools.testkit.default_signals import hand_on_no_ignored_signal
from tools.testkit.place import AUDIT_LOGS, local_environment
from tools.testkit.progress import Progress
from tools.testkit.side_by_side import (
    OWN_CLUSTER,
    Kind,
    Turns,
    UnitScheduling,
    gives_own_cluster,
    kind,
    own_cluster,
    position,
    shared_directory,
)

ROOT = Path(__file__).resolve().parent.parent
MODES = ("local", "current", "none")
DIRECTORY = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
ITEMS = pytest.StashKey[list[pytest.Item]]()
OWNED = pytest.StashKey[bool]()

# how fast inputs are generated says nothing about the product, and five processes share two cores
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until the tests are collected: of ten thousand nothing is garbage, in each of six processes
    hand_on_no_ignored_signal()
    os.environ.setdefault("MODELBUNDLE_TESTS_BEGAN", str(time.time()))  # one moment for all processes of a run
    # before any test module is imported: client libraries read it once, and no other cluster may be touched
    if cluster := own_cluster(config):
        _use_own(cluster)
    elif _mode() == "local":
        os.environ["KUBECONFIG"] = str(local_cluster().kubeconfig)
    if directory := shared_directory(config):
        config.pluginmanager.register(Turns(directory, alone=bool(cluster)))


def _use_own(cluster: str) -> None:
    """This process's tests, and what they start, see this cluster; the whole run's audit is that of both."""
    logs = [os.environ["CLUSTER_AUDIT_LOG"]]
    os.environ["LOCAL_CLUSTER"] = cluster
    os.environ.update(local_environment())
    os.environ[AUDIT_LOGS] = os.pathsep.join([*logs, os.environ["CLUSTER_AUDIT_LOG"]])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOT / "tests/cluster"):
            item.add_marker(pytest.mark.cluster)
            # each wait has a limit of its own and then says how things stand; this one is for what hangs
            item.add_marker(pytest.mark.timeout(900))
    items.sort(key=position)
    if why := _why_none():
        skip = pytest.mark.skip(reason=f"{why}: needs a Kubernetes")
        for item in items:
            if item.get_closest_marker("cluster"):
                item.add_marker(skip)


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    gc.enable()
    if session.config.option.collectonly or _is_worker(session.config) or _mode() != "local" or _why_none():
        return
    if not any(item.get_closest_marker("cluster") for item in session.items):
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\nstarting the local cluster for the cluster tests", flush=True)
        up = _local_cluster("up")
        if up and any(item.get_closest_marker("argocd") for item in session.items):
            up = _local_cluster("start", "argocd")
        if up and _owns_one(session):
            up = _local_cluster("--cluster", OWN_CLUSTER, "up")
    if not up:
        pytest.exit("the local cluster did not start (CLUSTER=none leaves its tests out)", returncode=1)
    os.environ.update(local_environment())


def _owns_one(session: pytest.Session) -> bool:
    """Whether a process gets a cluster of its own: where there are several, and exclusive tests."""
    several = len(session.config.option.tx or ()) > 1
    return several and _mode() == "local" and any(kind(item) is Kind.EXCLUSIVE for item in session.items)


def _local_cluster(*verb: str) -> bool:
    return subprocess.run([sys.executable, "-m", "tools.local_cluster", *verb], cwd=ROOT, check=False).returncode == 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    session = config.pluginmanager.getplugin("session")
    session.perform_collect()
    config.stash[DIRECTORY] = tempfile.TemporaryDirectory(prefix="modelbundle-tests-")
    config.stash[ITEMS] = session.items
    config.stash[OWNED] = not _why_none() and _owns_one(session)
    config.pluginmanager.register(Progress(config, session.items))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["shared_directory"] = node.config.stash[DIRECTORY].name
    if node.config.stash[OWNED] and gives_own_cluster(node.config, node.gateway.id):
        node.workerinput["cluster"] = OWN_CLUSTER


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> UnitScheduling:
    return UnitScheduling(config, log, config.stash[ITEMS])


def pytest_unconfigure(config: pytest.Config) -> None:
    if directory := config.stash.get(DIRECTORY, None):
        directory.cleanup()
    # after pytest's own last line, so that this is the last one
    if (why := _why_none()) and not config.option.help and not _is_worker(config):
        print(f"NOT PROVED: {why}, so nothing ran on a Kubernetes", flush=True)


def _why_none() -> str:
    """Why cluster tests are left out; empty when they run. For root nothing but CLUSTER=none is a reason."""
    if _mode() == "none":
        return "CLUSTER=none"
    if _mode() == "local" and os.geteuid() != 0:
        return "this user is not root, who alone can start the local cluster"
    return ""


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _mode() -> str:
    mode = os.environ.get("CLUSTER") or "local"
    if mode not in MODES:
        raise pytest.UsageError(f"CLUSTER={mode}: one of {', '.join(MODES)}")
    return mode
