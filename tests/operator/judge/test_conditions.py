"""Every state that a user can meet, as a row: what is seen, and what is then said."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.api.status import Retry
from modelbundle_operator.errors import Terminal
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.capacity import takes_pods_down_first
from modelbundle_operator.judge.conditions import judge, judge_terminal
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.observation import Observation, Rollout, RunningPods, that_count

from tools.testkit.cluster_objects import (
    DIGEST,
    START,
    completed,
    ended,
    model_bundle,
    over,
    pod,
    running,
    serving_pod,
    waiting,
)

Body = dict[str, Any]
NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 3 No candidates."


def seen(*pods: Body, replicas: int = 1, serving: Body | None = None, rollout: Rollout | None = None,
         now: float = 100, requirements: bool = False, status: Body | None = None,
         retry: Retry | None = None) -> Observation:  # fmt: skip
    body = model_bundle(serving={"replicas": replicas, **(serving or {})})
    if status:
        body["status"] = status
    return Observation(
        bundle=parse(body),
        has_requirements=requirements,
        now=START + timedelta(seconds=now),
        url="http://llama.models.svc",
        artifact_secret="store-credentials",
        rollout=rollout or Rollout(observed=True, updated=replicas),
        pods=that_count(map(observe_pod, pods), DIGEST),
        retry=retry,
    )


def report(reason: str, message: str = "what happened", **more: Any) -> str:
    return json.dumps({"reason": reason, "message": message, "seconds": {}, **more})


def conditions(judgement: Judgement) -> dict[str, tuple[str, str]]:
    return {str(c.type): (c.status, str(c.reason)) for c in judgement.conditions}


BACK_OFF = "CrashLoopBackOff"
LOADING: dict[str, Any] = {"prepare": completed(), "server": running(6)}
OLD = serving_pod("llama-old", template="t0")

# why, observation, Ready (status, reason), words that its message holds
READY = [
    ("a bundle with 0 replicas is stored, which is all that was asked", seen(replicas=0), "True", "Stored", "replicas"),
    ("pods that still leave do not unstore it", seen(serving_pod(leaving=True), replicas=0), "True", "Stored", ""),
    ("nothing is known at the first visit", seen(), "Unknown", "Progressing", "creates its pods"),
    ("a ready pod of this digest answers", seen(serving_pod()), "True", "Serving", "1 of 1 pod answers"),
    ("a pod of a namesake's digest does not count", seen(serving_pod(digest="sha256:" + "ef" * 32)), "Unknown",
     "Progressing", "0 of 1"),
    ("one of two answers: it serves",
     seen(serving_pod(), pod("b", **LOADING), replicas=2), "True", "Serving", "1 of 2"),
    ("prepare runs", seen(pod(prepare=running(2))), "Unknown", "Progressing", "prepare to fetch the artifact"),
    ("install runs", seen(pod(prepare=completed(), install=running(4)), requirements=True), "Unknown", "Progressing",
     "install is putting"),
    ("the worker loads", seen(pod(**LOADING, worker=running(7))), "Unknown", "Progressing", "loading the bundle"),
    ("no GPU is free: at once when nothing serves", seen(pod(unschedulable=NO_GPU), now=1), "False",
     "WaitingForCapacity", "3 Insufficient nvidia.com/gpu"),
    ("a taint that nobody tolerates", seen(pod(unschedulable="0/1 nodes are available: 1 node(s) had untolerated"
     " taint(s)."), now=1), "False", "WaitingForCapacity", "taint(s). Name a taint that the pods are to tolerate in"
     " spec.serving.tolerations. Free or add such nodes"),
    ("the artifact is absent", seen(pod(prepare=ended(1, report("ArtifactNotFound", "s3://m/x is not there")))),
     "False", "ArtifactNotFound", "s3://m/x is not there"),
    ("while prepare runs again, its last end is what counts",
     seen(pod(prepare=running(30, last=over(1, report("StoreUnreachable")), restarts=3))), "False",
     "StoreUnreachable", "prepare: what happened"),
    ("refused credentials are named", seen(pod(prepare=ended(1, report("StoreAccessDenied")))), "False",
     "StoreAccessDenied", "Secret store-credentials"),
    ("and what is known of the store's refusal",
     seen(pod(prepare=ended(1, report("StoreAccessDenied", "the store answered 403 SignatureDoesNotMatch for m/x")))),
     "False", "StoreAccessDenied", "for m/x. The credentials are those of Secret store-credentials. The store knows"),
    ("another digest", seen(pod(prepare=ended(1, report("ArtifactDigestMismatch")))), "False",
     "ArtifactDigestMismatch", "what happened"),
    ("prepare dies without a word", seen(pod(prepare=ended(2, "Traceback: boom"))), "False", "RuntimeCrashed", "boom"),
    ("only compiling a schema tells", seen(pod(prepare=ended(1, report("InvalidSchema", "x is not a regex")))), "False",
     "InvalidSchema", "prepare: x is not a regex"),
    ("the server reads the same schemas", seen(pod(prepare=completed(), server=ended(1, report("InvalidSchema")))),
     "False", "InvalidSchema", "server says"),
    ("a requirement does not exist", seen(pod(prepare=completed(), install=ended(1, report("RequirementNotFound"))),
     requirements=True), "False", "RequirementNotFound", "install says"),
    ("install claims what only prepare may say", seen(pod(prepare=completed(),
     install=ended(1, report("ArtifactDigestMismatch"))), requirements=True), "False", "InstallFailed", "last words"),
    ("the load function raises", seen(pod(**LOADING, worker=waiting(BACK_OFF, last=over(1, report("LoadFailed"))))),
     "False", "LoadFailed", "worker says"),
    ("the worker forges a terminal reason: it is only quoted",
     seen(pod(**LOADING, worker=waiting(BACK_OFF, last=over(1, report("ArtifactUnsafe"))))), "False",
     "WorkerCrashed", "last words"),
    ("the worker's log tail is quoted", seen(pod(**LOADING, worker=ended(1, "Segmentation fault"))), "False",
     "WorkerCrashed", "Segmentation fault"),
    ("a message that is cut JSON is quoted, not parsed", seen(pod(**LOADING, worker=ended(1, '{"reason": "Load'))),
     "False", "WorkerCrashed", '{"reason": "Load'),
    ("the kernel killed it", seen(pod(**LOADING, worker=waiting(BACK_OFF, last=over(137, reason="OOMKilled")))),
     "False", "OutOfMemory", "its limit is 2Gi). Raise spec.serving.resources.memory"),
    ("killed early, and no one says by which process", seen(pod(**LOADING, worker=ended(137))), "False", "OutOfMemory",
     "most likely"),
    ("killed when its time to start was over",
     seen(pod(**LOADING, worker=running(40, last=over(137, started=7, finished=35))),
          serving={"startupTimeoutSeconds": 20}), "False", "StartupTimeout", "20 s"),
    ("the worker says so itself", seen(pod(**LOADING, worker=waiting(BACK_OFF, last=over(1, report("StartupTimeout")))),
     serving={"startupTimeoutSeconds": 20}), "False", "StartupTimeout", "within 20 s"),
    ("something held the interpreter lock, so the kernel ended it",
     seen(pod(**LOADING, worker=running(40, last=over(54, started=7, finished=32))),
          serving={"startupTimeoutSeconds": 20}), "False", "StartupTimeout", "within 20 s"),
    ("it held it while it served",
     seen(pod(ready_at=20, **LOADING, worker=waiting(BACK_OFF, last=over(54, started=7, finished=390))),
          serving={"startupTimeoutSeconds": 20}), "False", "WorkerCrashed", "exit code 54"),
    ("Kubernetes calls a worker ready that runs, and it loads again",
     seen(pod(**LOADING, worker=running(40, ready=True, last=over(1, report("LoadFailed"), started=7, finished=35)))),
     "False", "LoadFailed", "worker says"),
    ("it has served since it failed",
     seen(pod(ready_at=90, **LOADING,
              worker=running(40, ready=True, last=over(1, report("LoadFailed"), started=7, finished=35)))),
     "Unknown", "Progressing", ""),
    ("killed after it had served is not a start-up time-out",
     seen(pod(ready_at=20, **LOADING, worker=running(400, last=over(137, started=7, finished=390))),
          serving={"startupTimeoutSeconds": 20}), "False", "WorkerCrashed", "had been serving"),
    ("the image cannot be pulled", seen(pod(prepare=completed(), worker=waiting("ErrImagePull", "not found"))),
     "False", "ImagePullFailed", "not found. Check the name in spec.bundle.envParams"),
    ("the kubelet's back-off says the same", seen(pod(prepare=completed(),
     worker=waiting("ImagePullBackOff", 'Back-off pulling image "x": ErrImagePull: not found'))), "False",
     "ImagePullFailed", "cannot be pulled: not found."),
    ("OpenShift wants to choose ids",
     seen(rollout=Rollout(observed=True, refused="unable to validate against any security context constraint: [...]")),
     "False", "PodsRefused",
     "set the operator's podIds to platform, then a new serving.rollout.token"),
    ("our own image cannot be pulled", seen(pod(prepare=waiting("ErrImagePull", "no"))), "False", "ImagePullFailed",
     "MODELBUNDLE_RUNTIME_IMAGE"),
    ("nor from a registry that has moved", seen(pod(prepare=waiting("ErrImagePull", "no"))), "False", "ImagePullFailed",
     "set a new serving.rollout.token"),
    ("a Secret is missing", seen(pod(prepare=waiting("CreateContainerConfigError", 'secret "creds" not found'))),
     "False", "SecretNotFound", 'secret "creds" not found. Create it'),
    ("the image has no python3", seen(pod(**LOADING, worker=waiting("RunContainerError",
     'exec: "python3": executable file not found in $PATH'))), "False", "WorkerCrashed", "needs a python3"),
    ("the kubelet says so in other words, and after a start", seen(pod(**LOADING, worker=ended(128,
     'exec: "python3": stat python3: no such file or directory'))), "False", "WorkerCrashed", "#no-python"),
    ("the worker's Python is too old, and says so itself", seen(pod(**LOADING, worker=ended(1,
     report("PythonMismatch", "The image's Python is 3.6.9")))), "False", "PythonMismatch", "3.6.9"),
    ("a processor that lacks an instruction", seen(pod(**LOADING, worker=ended(132))), "False", "WorkerCrashed",
     "#illegal-instruction"),
    ("a mesh's proxy does not run before prepare",
     seen(pod(prepare=ended(1, report("StoreUnreachable", "cannot reach http://s3/m: Connection refused")))), "False",
     "StoreUnreachable", "#mesh-before-proxy"),
    ("the server crashes while the model runs: Init:Error is not a failed start",
     seen(pod(prepare=completed(), server=ended(1, "boom"), worker=running(7, ready=True))), "False",
     "RuntimeCrashed", "container server"),
    ("a server that runs again has got over it",
     seen(pod(prepare=completed(), server=running(30, last=over(1, "boom")), worker=running(7))), "Unknown",
     "Progressing", "loading"),
    ("quota or a policy keeps the pods from being made",
     seen(rollout=Rollout(observed=True, refused='pods "x" is forbidden: exceeded quota')), "False", "PodsRefused",
     "exceeded quota"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "observation", "status", "reason", "words"), READY, ids=lambda v: str(v)[:40])
def test_ready(why: str, observation: Observation, status: str, reason: str, words: str) -> None:
    ready = judge(observation).conditions[0]
    assert (ready.type, ready.status, str(ready.reason)) == ("Ready", status, reason), why
    assert words in ready.message, why


def test_an_address_of_the_pod_itself_is_not_the_doing_of_a_mesh() -> None:
    said = report("StoreUnreachable", "cannot reach http://localhost/m: Connection refused")
    assert judge(seen(pod(prepare=ended(1, said)))).conditions[0].message.endswith("Connection refused")


RECONCILING = [
    ("all that was asked for is there", seen(serving_pod()), None),
    ("stored is not on the way to anywhere", seen(replicas=0), None),
    ("a pod of the former template still serves", seen(OLD, pod("n", template="t1", created=50, **LOADING)),
     ("Progressing", "roll-out is not complete: the worker is loading")),
    ("the roll-out fails while the old pod serves",
     seen(OLD, pod("n", created=50, **LOADING, worker=ended(1, report("LoadFailed")))), ("LoadFailed", "worker says")),
    ("the roll-out waits for a GPU, not yet worth a word",
     seen(OLD, pod("n", created=50, unschedulable=NO_GPU, unschedulable_at=50), now=60), ("Progressing", "waiting")),
    ("the roll-out waits for a GPU",
     seen(OLD, pod("n", created=50, unschedulable=NO_GPU, unschedulable_at=50), now=110),
     ("WaitingForCapacity", "3 Insufficient nvidia.com/gpu. Free or add")),
    ("the Deployment has not seen our spec", seen(serving_pod(), rollout=Rollout(observed=False, updated=1)),
     ("Progressing", "")),
    ("a failure that heals", seen(pod(prepare=ended(1, report("StoreUnreachable")))),
     ("StoreUnreachable", "")),
]  # fmt: skip


@pytest.mark.parametrize(("why", "observation", "expected"), RECONCILING, ids=lambda v: str(v)[:40])
def test_reconciling_is_there_while_it_is_true(
    why: str, observation: Observation, expected: tuple[str, str] | None
) -> None:
    found = [c for c in judge(observation).conditions if c.type == "Reconciling"]
    assert [(c.status, str(c.reason)) for c in found] == ([("True", expected[0])] if expected else []), why
    assert not expected or expected[1] in found[0].message, why


OTHERS = [
    ("stored", seen(replicas=0), {"ArtifactVerified": ("Unknown", "Stored"), "Available": ("False", "ScaledToZero"),
     "RequirementsReady": ("True", "NoRequirements"), "Resolved": ("True", "Completed")}),
    ("stored with requirements", seen(replicas=0, requirements=True), {"RequirementsReady": ("Unknown", "Stored")}),
    ("prepare has reported", seen(pod(**LOADING)), {"ArtifactVerified": ("True", "Completed")}),
    ("prepare ended well without a report: nothing is proved", seen(pod(prepare=ended(0))),
     {"ArtifactVerified": ("Unknown", "Progressing")}),
    ("no retry helps a schema", seen(pod(prepare=ended(1, report("InvalidSchema")))),
     {"Stalled": ("True", "InvalidSchema"), "Available": ("False", "InvalidSchema")}),
    ("no store has the address", seen(pod(prepare=ended(1, report("InvalidValue")))),
     {"ArtifactVerified": ("False", "InvalidValue"), "Stalled": ("True", "InvalidValue")}),
    ("prepare refused it", seen(pod(prepare=ended(1, report("ArtifactUnsafe")))),
     {"ArtifactVerified": ("False", "ArtifactUnsafe"), "Stalled": ("True", "ArtifactUnsafe"),
      "Available": ("False", "ArtifactUnsafe")}),
    ("a pod that serves outweighs one whose prepare fails",
     seen(serving_pod(), pod("b", created=5, prepare=ended(1, report("ArtifactDigestMismatch"))), replicas=2),
     {"Ready": ("True", "Serving"), "ArtifactVerified": ("True", "Completed"),
      "Reconciling": ("True", "ArtifactDigestMismatch"), "Stalled": None}),
    ("requirements are in place", seen(serving_pod(install=completed()), requirements=True),
     {"RequirementsReady": ("True", "Completed")}),
    ("requirements failed", seen(pod(prepare=completed(), install=ended(1, report("IndexUnreachable"))),
     requirements=True), {"RequirementsReady": ("False", "IndexUnreachable"), "Stalled": None}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "observation", "expected"), OTHERS, ids=lambda v: str(v)[:40])
def test_the_other_conditions(why: str, observation: Observation, expected: dict[str, Any]) -> None:
    found = conditions(judge(observation))
    assert {name: found.get(name) for name in expected} == expected, why


def test_what_was_proved_stays_proved_while_pods_come_and_go() -> None:
    verified = {"type": "ArtifactVerified", "status": "True", "reason": "Completed", "lastTransitionTime": "x"}
    again = seen(pod(prepare=running(2)), status={"conditions": [verified]})
    assert conditions(judge(again))["ArtifactVerified"] == ("True", "Completed")


def test_a_bundle_that_served_and_lost_its_pods_is_not_ready() -> None:
    served = {"type": "Ready", "status": "True", "reason": "Serving", "lastTransitionTime": "x"}
    lost = seen(pod(prepare=running(2)), status={"conditions": [served]})
    assert conditions(judge(lost))["Ready"] == ("False", "Progressing")


def test_time_alone_can_change_the_verdict_of_a_waiting_roll_out() -> None:
    waits = pod("n", created=50, unschedulable=NO_GPU, unschedulable_at=50)
    assert judge(seen(OLD, waits, now=60)).requeue_after == pytest.approx(51)
    assert judge(seen(OLD, waits, now=111)).requeue_after is None
    assert judge(seen(serving_pod())).requeue_after is None


def test_pods_go_first_only_where_the_user_said_so() -> None:
    waits = pod("n", created=50, unschedulable=NO_GPU, unschedulable_at=50)
    replace = {"rollout": {"whenNoCapacity": "Replace"}}
    assert takes_pods_down_first(seen(OLD, waits, now=200, serving=replace))
    assert not takes_pods_down_first(seen(OLD, waits, now=60, serving=replace)), "too early"
    assert not takes_pods_down_first(seen(OLD, waits, now=200)), "the default is to wait"
    begun = Rollout(observed=True, updated=1, takes_down_first=True)
    assert takes_pods_down_first(seen(pod("n", **LOADING), serving=replace, rollout=begun)), "until it is over"
    assert not takes_pods_down_first(seen(serving_pod(), serving=replace, rollout=begun)), "it is over"


def test_terminal_is_stalled_and_says_so_everywhere() -> None:
    found = conditions(judge_terminal(Terminal("InvalidSchema", "requestSchema is not a schema"), RunningPods()))
    assert found["Ready"] == found["Resolved"] == ("False", "InvalidSchema")
    assert found["Stalled"] == ("True", "InvalidSchema")


def test_the_same_state_is_said_in_the_same_words_whenever_it_is_seen() -> None:
    state = pod(
        prepare=waiting(BACK_OFF, "back-off 10s restarting", last=over(1, report("StoreUnreachable")), restarts=3)
    )
    later = pod(
        prepare=waiting(BACK_OFF, "back-off 5m0s restarting", last=over(1, report("StoreUnreachable")), restarts=9)
    )
    assert judge(seen(state, now=50)).conditions == judge(seen(later, now=5000)).conditions


def test_the_failure_counts_and_tells_where() -> None:
    failure = judge(seen(pod(prepare=ended(1, report("StoreUnreachable"), restarts=4)))).failure
    assert failure is not None
    assert (failure.container, failure.exit_code, failure.count, failure.terminal) == ("prepare", 1, 5, False)
