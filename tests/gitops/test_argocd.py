"""Argo CD itself syncs bundles and endpoints from Git repositories on this machine.

What takes time is started first, for all tests of this file, and looked at in the order in which it comes about: the
last test waits for the move that an earlier one began. Namespaces, repositories and Applications are this file's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import yaml

from tests.cluster.bad_rows import World
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.gitops import argo, phases
from tests.gitops.argo import EXAMPLES, Repository
from tests.gitops.health_data import DEGRADED, HEALTHY, PHASES, PROGRESSING, expected
from tests.gitops.repositories import Git, Keep, Running, version
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, get, kubectl, list_all, wait_for
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = [pytest.mark.cluster, pytest.mark.argocd, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def running(
    argocd: None,
    operator: object,
    make_namespace: Callable[..., str],
    place: Place,
    store: Store,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """Four Applications, each started on its way."""
    directory = tmp_path_factory.mktemp("git")

    def git(name: str) -> Git:
        return Git(Repository.new(directory / name), make_namespace(f"gitops-{name}"))

    running = Running(git("models"), git("phases"), git("edits"), git("cure"))
    first = version(store, "sentiment-v1")
    first["metadata"]["labels"] = {"app.kubernetes.io/instance": "set-by-argo-cd-before-3"}
    made = {phases.file(each): each for each in (first, phases.endpoint("sentiment", "sentiment-v1"))}
    spare = yaml.safe_dump(version(store, "spare", serving={"replicas": 0})).replace("cpu: 10m", "cpu: 0.01")
    running.models.push({**made, "spare.yaml": spare.replace("memory: 256Mi", "memory: 2.5e8")})
    running.phases.push(phases.first_commit(World(running.phases.namespace, place, store)))
    running.edits.push({"stored-v1.yaml": version(store, "stored-v1", serving={"replicas": 0})})
    broken = version(store, "broken-v1", model="def load(): raise ValueError('no weights')\n")
    later = phases.endpoint("later", "broken-v1")
    later["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "1"}
    running.cure.push({"broken-v1.yaml": broken, "later.yaml": later})
    apps = {
        git.app: argo.example(EXAMPLES / "application.yaml", git.app, git.repository, git.namespace)
        for git in (running.models, running.phases, running.edits, running.cure)
    }
    apps[running.phases.app]["spec"]["syncPolicy"]["syncOptions"] = []  # nothing waits: what fails there, is to fail
    argo.ignore_replicas(apps[running.models.app])
    argo.start(*apps.values())
    yield running
    argo.forget(*apps)


def test_what_serves_is_healthy_and_in_sync_by_both_diffs(running: Running, keep: Keep) -> None:
    git = running.models
    argo.wait_in_sync(git.app, git.head)
    app = argo.looked_at(git.app)
    keep("serving", get("modelbundle", "sentiment-v1", git.namespace) or {})
    for name in ("sentiment-v1", "spare"):
        bundle = get("modelbundle", name, git.namespace) or {}
        shown = argo.resources(app)["ModelBundle", name]["health"]
        assert shown == {"status": HEALTHY, "message": bundle["status"]["conditions"][0]["message"]}
    synced = app["status"]["history"]
    keep("stored", get("modelbundle", "spare", git.namespace) or {})
    # as an autoscaler does it; Git says nothing of the replicas of the first one, and of the other one 0
    kubectl("scale", "mbun", "sentiment-v1", "--replicas=2", namespace=git.namespace)
    kubectl("scale", "mbun", "spare", "--replicas=1", namespace=git.namespace)
    for server_side in (False, True):
        again = argo.compared_anew(git.app, server_side=server_side)
        assert again["status"]["sync"]["status"] == "Synced", argo.explain(git.app)
        assert again["status"]["history"] == synced, "what is in sync is not synced again"
    deployment = wait_for("spare's pods", lambda: get("deployment", "spare", git.namespace), 60)
    asked = deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]
    assert (asked["cpu"], asked["memory"]) == ("10m", "250M"), "numbers as they stand in Git"
    kubectl("scale", "mbun", "sentiment-v1", "--replicas=1", namespace=git.namespace)
    keep("serving", get("modelendpoint", "sentiment", git.namespace) or {})


def test_tracking_labels_never_reach_children(running: Running) -> None:
    namespace = running.models.namespace
    bundle = get("modelbundle", "sentiment-v1", namespace) or {}
    assert "argocd.argoproj.io/tracking-id" in bundle["metadata"]["annotations"]
    assert "app.kubernetes.io/instance" in bundle["metadata"]["labels"]
    children = [
        child
        for kind in ("deployments", "replicasets", "pods", "services", "configmaps", "endpointslices")
        for child in list_all(kind, namespace)
        if "modelbundle.dev" in json.dumps(child["metadata"])
    ]
    assert {child["kind"] for child in children} >= {"Deployment", "Pod", "Service", "ConfigMap"}
    for child in children:
        found = {**child["metadata"].get("labels", {}), **child["metadata"].get("annotations", {})}
        foreign = {name for name in found if "argocd" in name or name == "app.kubernetes.io/instance"}
        assert not foreign, f"{child['kind']} {child['metadata']['name']}: {foreign}"


def test_a_new_name_serves_before_the_old_one_is_pruned(running: Running, store: Store, keep: Keep) -> None:
    """An upgrade in one commit: the new bundle, one line of the endpoint, and the old bundle is gone from Git."""
    git = running.models
    git.push({
        "sentiment-v1.yaml": None,
        "sentiment-v2.yaml": version(store, "sentiment-v2"),
        "sentiment.yaml": phases.endpoint("sentiment", "sentiment-v2"),
    })  # fmt: skip
    moving = phases.wait_until(
        "modelendpoint", "sentiment", git.namespace, phases.says("Reconciling", "True", "Moving")
    )
    keep("moving", moving)
    wait_for("Argo CD to say Moving", partial(_says, git.app, "ModelEndpoint", "sentiment", "Moving"), 60)
    app = argo.looked_at(git.app)
    assert _shows(app, "ModelEndpoint", "sentiment", PROGRESSING)
    assert app["status"]["operationState"]["phase"] == "Running"
    old = get("modelbundle", "sentiment-v1", git.namespace) or {}
    assert "deletionTimestamp" not in old["metadata"], "the old one answers kept connections"


def test_argo_cd_shows_each_phase_as_it_is(running: Running, keep: Keep) -> None:
    git = running.phases
    shown = dict.fromkeys(("stored", "waits", "fails", "image-moved"), HEALTHY)
    shown |= dict.fromkeys(phases.BAD, DEGRADED) | dict.fromkeys(("no-base", "no-capacity"), PROGRESSING)
    for name, status in shown.items():
        app = argo.wait_app(
            git.app, f"to show {name} {status}", partial(_shows, kind="ModelBundle", name=name, status=status)
        )
        assert argo.resources(app)["ModelBundle", name]["status"] == "Synced"
    by_name = {phase.name: phase.status for phase in PHASES if phase.kind == "ModelBundle"}
    assert all(by_name.get(name, HEALTHY) == status for name, status in shown.items())
    for name, status in {
        "e-none": PROGRESSING,
        "e-foreign": DEGRADED,
        "e-waiting": HEALTHY,
        "e-stalled": HEALTHY,
    }.items():
        argo.wait_app(
            git.app, f"to show {name} {status}", partial(_shows, kind="ModelEndpoint", name=name, status=status)
        )
    keep("clone", get("modelbundle", "waits", git.namespace) or {})
    keep("no-bundle", get("modelendpoint", "e-none", git.namespace) or {})
    keep("foreign-service", get("modelendpoint", "e-foreign", git.namespace) or {})
    # on their way while other tests run
    phases.move_image(git.namespace)
    git.push(phases.second_commit(git.files))


def test_argo_cd_says_the_same_of_every_captured_object(argocd: None) -> None:
    with ThreadPoolExecutor() as pool:
        said = dict(zip(PHASES, pool.map(argo.health_of, [phase.file for phase in PHASES]), strict=True))
    for phase, health in said.items():
        assert health == expected(phase.kind)[phase.input], phase
        assert health["status"] == phase.status


def test_a_failed_bundle_ends_the_sync(running: Running, store: Store) -> None:
    """Argo CD waits on what is Progressing for as long as it is, and syncs no other commit meanwhile."""
    git = running.cure
    broken = ("ModelBundle", "broken-v1")
    app = argo.wait_app(git.app, "to fail", lambda app: argo.results(app).get(broken, {}).get("hookPhase") == "Failed")
    assert "ValueError: no weights" in argo.results(app)[broken]["message"]
    assert ("ModelEndpoint", "later") not in argo.results(app), "the next wave waits"
    cured = phases.endpoint("later", "broken-v2")
    git.push({"broken-v1.yaml": None, "broken-v2.yaml": version(store, "broken-v2"), "later.yaml": cured})


def test_phases_that_pass_quickly(
    argocd: None, operator: object, make_namespace: Callable[..., str], store: Store, keep: Keep
) -> None:
    """Not through Git: Argo CD could be late. The first and the edited are the API server's own answers."""
    namespace = make_namespace("gitops-quick")

    def answered(*command: str, manifest: Manifest | None = None) -> Manifest:
        text = kubectl(*command, "-o", "json", namespace=namespace, stdin=json.dumps(manifest) if manifest else "")
        return dict(json.loads(text))

    created = answered("create", "-f", "-", manifest=cpu_bundle(store, "quick"))
    assert created["status"] == {"observedGeneration": -1}
    keep("created", created)
    keep(
        "starting", phases.wait_until("modelbundle", "quick", namespace, phases.says("Ready", "Unknown", "Progressing"))
    )
    keep("created", answered("create", "-f", "-", manifest=phases.endpoint("stable", "quick")))
    answered("create", "-f", "-", manifest=cpu_bundle(store, "raises", model=phases.RAISES_ONCE))
    once = phases.wait_until("modelbundle", "raises", namespace, phases.says("Ready", "False", "LoadFailed"))
    assert once["status"]["lastFailure"]["count"] == 1
    keep("failed-once", once)
    wait_ready("quick", namespace)
    edit = '{"spec":{"serving":{"resources":{"cpu":"25m"}}}}'
    edited = answered("patch", "mbun", "quick", "--type=merge", "-p", edit)
    assert edited["status"]["observedGeneration"] < edited["metadata"]["generation"]
    keep("edited", edited)
    rolling = phases.wait_until("modelbundle", "quick", namespace, phases.says("Reconciling", "True", "Progressing"))
    keep("rolling-out", rolling)
    for kind, name in (("modelendpoint", "stable"), ("modelbundle", "quick")):
        kubectl("patch", kind, name, "--type=merge", "-p", '{"metadata":{"finalizers":["modelbundle.test/hold"]}}',
                namespace=namespace)  # fmt: skip
        kubectl("delete", kind, name, "--wait=false", namespace=namespace)
        deleting = get(kind, name, namespace) or {}
        assert "deletionTimestamp" in deleting["metadata"]
        keep("deleting", deleting)
        kubectl("patch", kind, name, "--type=merge", "-p", '{"metadata":{"finalizers":[]}}', namespace=namespace)


def test_an_edit_in_git_of_what_is_immutable_says_what_to_do(running: Running, store: Store) -> None:
    git = running.edits
    app = argo.wait_in_sync(git.app, git.head)
    before = get("modelbundle", "stored-v1", git.namespace) or {}
    edited = json.loads(json.dumps(git.files["stored-v1.yaml"]))
    edited["spec"]["bundle"]["appConfig"] = {"mode": "batched"}
    head = git.push({"stored-v1.yaml": edited})

    def refused(app: Manifest) -> bool:
        result = argo.results(app).get(("ModelBundle", "stored-v1"), {})
        return argo.synced_to(app) == head and result.get("status") == "SyncFailed"

    app = argo.wait_app(git.app, "to be refused the edit", refused)
    message = argo.results(app)["ModelBundle", "stored-v1"]["message"]
    for piece in (
        "spec.bundle is immutable",
        "under the new name",
        "PruneLast=true",
        "never sync with Force or Replace",
    ):
        assert piece in message
    assert argo.resources(app)["ModelBundle", "stored-v1"]["status"] == "OutOfSync"
    # with the server-side diff it is the diff that says so
    app = argo.compared_anew(git.app, server_side=True)
    assert app["status"]["sync"]["status"] == "Unknown"
    assert "spec.bundle is immutable" in json.dumps(app["status"]["conditions"])
    argo.compared_anew(git.app, server_side=False)
    after = get("modelbundle", "stored-v1", git.namespace) or {}
    assert (after["metadata"]["uid"], after["spec"]) == (before["metadata"]["uid"], before["spec"])
    # the cure, while the failed sync is still tried again: looked at below
    edited["metadata"]["name"] = "stored-v2"
    git.push({"stored-v1.yaml": None, "stored-v2.yaml": edited})


def test_argo_cd_shows_roll_outs_and_moves_that_wait_or_fail(running: Running, keep: Keep) -> None:
    git = running.phases
    shown = {
        ("ModelBundle", "waits", "roll-out-waits"): ("Reconciling", "True", "WaitingForCapacity"),
        ("ModelBundle", "fails", "roll-out-fails"): ("Reconciling", "True", "SecretNotFound"),
        ("ModelEndpoint", "e-waiting", "waiting"): ("Reconciling", "True", "BundleNotFound"),
        ("ModelEndpoint", "e-stalled", "stalled"): ("Stalled", "True", "BundleNotReady"),
        ("ModelBundle", "image-moved", "image-moved"): ("Reproducible", "False", "ImageMoved"),
    }
    for (kind, name, phase), condition in shown.items():
        body = phases.wait_until(kind.lower(), name, git.namespace, phases.says(*condition))
        status = next(found.status for found in PHASES if (found.kind, found.name) == (kind, phase))
        argo.wait_app(git.app, f"to show {phase}", partial(_shows, kind=kind, name=name, status=status))
        said = partial(_says, git.app, kind, name, condition[2])
        wait_for(f"Argo CD to say {condition[2]} of {name}", said, 300, partial(argo.explain, git.app))
        keep(phase, body)
    for name in ("waits", "fails"):
        assert (get("modelbundle", name, git.namespace) or {})["status"]["conditions"][0]["status"] == "True"


def test_a_cure_in_git_is_synced_though_a_failed_sync_is_still_tried_again(running: Running) -> None:
    edits, cure = running.edits, running.cure
    argo.wait_in_sync(edits.app, edits.head)
    assert [bundle["metadata"]["name"] for bundle in list_all("mbun", edits.namespace)] == ["stored-v2"]
    argo.wait_in_sync(cure.app, cure.head)
    assert [bundle["metadata"]["name"] for bundle in list_all("mbun", cure.namespace)] == ["broken-v2"]
    assert from_host("later", cure.namespace, {"x": 2, "y": "abc"}).value == 7


def test_pruning_removes_exactly_what_git_dropped(running: Running) -> None:
    """Last: the move that was begun above has been reported by now, or is soon."""
    git = running.models
    spare = get("modelbundle", "spare", git.namespace) or {}
    argo.wait_in_sync(git.app, git.head)
    assert (get("modelendpoint", "sentiment", git.namespace) or {})["status"]["bundle"] == "sentiment-v2"
    assert get("modelbundle", "sentiment-v1", git.namespace) is None
    wait_for("its children to go", lambda: get("deployment", "sentiment-v1", git.namespace) is None, 60)
    assert {bundle["metadata"]["name"] for bundle in list_all("mbun", git.namespace)} == {"sentiment-v2", "spare"}
    assert (get("modelbundle", "spare", git.namespace) or {})["metadata"]["uid"] == spare["metadata"]["uid"]
    assert spare["spec"]["serving"]["replicas"] == 1, "it was scaled, and neither selfHeal nor a sync has undone it"
    assert from_host("sentiment", git.namespace, {"x": 2, "y": "abc"}).value == 7


def _says(app: str, kind: str, name: str, reason: str) -> bool:
    """Looked at again: what Argo CD watches comes to it later than to the API server."""
    return f"{reason}: " in argo.resources(argo.looked_at(app))[kind, name]["health"]["message"]


def _shows(app: Manifest, kind: str, name: str, status: str) -> bool:
    return bool(argo.resources(app).get((kind, name), {}).get("health", {}).get("status") == status)
