"""However the container that packs a layer ends, it ends: with a layer that can be, or with words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.observation import Pod
from modelbundle_operator.judge.packing import PACKING_SECONDS, outcome, packed, packing_due

from bundle_runtime.contract.layer import LayerReference
from tools.testkit.cluster_objects import START, completed, ended, layer, over, precheck_pod, reported, running, waiting

Body = dict[str, Any]
ARTIFACT = "s3://models/llama/bundle.zip"
INSTALLED: Body = {"prepare": completed(), "install": completed()}
OTHER = "12" * 32


def job_pod(evicted: str = "", **containers: Body) -> Pod:
    made = precheck_pod("modelbundle-precheck-1", "j", **containers)
    if evicted:
        made["status"] |= {"phase": "Failed", "reason": "Evicted", "message": evicted}
    return observe_pod(made)


def after(seconds: float, pod: Pod) -> str | LayerReference | None:
    """What came of it, so long after the start; None while it goes on."""
    end = packed(pod, START + timedelta(seconds=seconds))
    return None if end is None else outcome(end, ARTIFACT)


GOES_ON = [
    ("nothing has begun", job_pod()),
    ("install runs", job_pod(prepare=completed(), install=running(5))),
    ("install has failed", job_pod(prepare=completed(), install=ended(1))),
    ("the pod was evicted before install was over", job_pod("disk", prepare=completed(), install=running(5))),
    ("store is to begin", job_pod(**INSTALLED, store=waiting("PodInitializing"))),
    ("store is not told of yet", job_pod(**INSTALLED)),
    ("store runs", job_pod(**INSTALLED, store=running(6))),
]


@pytest.mark.parametrize(("why", "pod"), GOES_ON, ids=[row[0] for row in GOES_ON])
def test_it_goes_on(why: str, pod: Pod) -> None:
    assert after(100, pod) is None, why


def test_there_is_a_layer() -> None:
    pod = job_pod(**INSTALLED, store=reported(layer=layer(files=12)))
    made = layer()
    assert after(100, pod) == LayerReference(made["digest"], made["sha256"], made["uri"], made["bytes"])


def test_a_second_run_that_ends_well_has_made_one() -> None:
    store = {**reported(layer=layer()), "restartCount": 1, "lastState": over(137)}
    assert isinstance(after(100, job_pod(**INSTALLED, store=store)), LayerReference)


WORDS = [
    (
        "it may not write",
        reported(noLayer="the keys may not write. Grant s3:PutObject."),
        "the keys may not write. Grant",
    ),
    ("it says nothing", reported(), "what container store reports is not a layer"),
    ("it leaves no report", ended(0, "bye"), "has ended without a report"),
    ("it reports a failure with exit code 0", ended(0, '{"reason": "InstallFailed"}'), "without a report"),
    ("it ends badly", ended(1, "Traceback"), "container store ended with exit code 1"),
    ("it runs again after that", running(9, last=over(137, reason="OOMKilled"), restarts=1), "store ran out of memory"),
    ("it waits to run again", waiting("CrashLoopBackOff", last=over(2), restarts=3), "ended with exit code 2"),
    ("a reason of the runtime", ended(128, reason="ContainerCannotRun"), "exit code 128 (ContainerCannotRun)"),
    ("its image has gone", waiting("ImagePullBackOff", "not found"), "container store cannot be started: not found"),
    ("a Secret has gone", waiting("CreateContainerConfigError", 'secret "a" not found'), 'secret "a" not found'),
]


@pytest.mark.parametrize(("why", "store", "words"), WORDS, ids=[row[0] for row in WORDS])
def test_there_is_none_and_why(why: str, store: Body, words: str) -> None:
    found = after(100, job_pod(**INSTALLED, store=store))
    assert isinstance(found, str), why
    assert words in found


def test_its_limit_is_named_when_memory_is_short() -> None:
    made = precheck_pod("modelbundle-precheck-1", "j", **INSTALLED, store=ended(137, reason="OOMKilled"))
    made["spec"]["containers"].append({"name": "store", "resources": {"limits": {"memory": "1Gi"}}})
    words = "container store ran out of memory (its limit is 1Gi): raise serving.prepareResources.memory"
    assert after(100, observe_pod(made)) == words


def test_an_eviction_is_told_in_the_kubelets_words() -> None:
    pod = job_pod("The node was low on resource: ephemeral-storage.", **INSTALLED, store=ended(137))
    assert after(100, pod) == "the pod that packed it was evicted: The node was low on resource: ephemeral-storage"


def test_it_does_not_take_for_ever() -> None:
    pod = job_pod(**INSTALLED, store=running(6))
    assert after(PACKING_SECONDS + 4, pod) is None
    assert after(PACKING_SECONDS + 5, pod) == "container store had not ended after 420 s"
    assert packing_due(pod, START + timedelta(seconds=5)) == PACKING_SECONDS + 1
    assert packing_due(job_pod(prepare=running(2)), START) is None
    assert packing_due(job_pod(**INSTALLED, store=reported(layer=layer())), START) is None


FORGED = [
    ("not an object", []),
    ("nothing in it", {}),
    ("another place of the bucket", layer(uri=f"s3://models/other/layers/{'ef' * 32}.tar.zst")),
    ("another bucket", layer(uri=f"s3://other/llama/layers/{'ef' * 32}.tar.zst")),
    ("the name of another file", layer(uri=f"s3://models/llama/layers/{OTHER}.tar.zst")),
    ("a way out", layer(uri=f"s3://models/llama/../layers/{'ef' * 32}.tar.zst")),
    ("a digest with more behind it", layer(digest="sha256:" + "cd" * 32 + "\n")),
    ("a digest in capitals", layer(digest="sha256:" + "CD" * 32)),
    ("no digest", {**layer(), "digest": None}),
    ("no size", layer(bytes=0)),
    ("a size that no store takes", layer(bytes=10**30)),
    ("a size that is none", layer(bytes=True)),
    ("deep", {"digest": [[[[]]]]}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "said"), FORGED, ids=[row[0] for row in FORGED])
def test_what_cannot_be_a_layer_is_none(why: str, said: Any) -> None:
    assert after(100, job_pod(**INSTALLED, store=reported(layer=said))) == "what container store reports is not a layer"


def test_words_are_bounded_and_fit_for_a_condition() -> None:
    found = after(100, job_pod(**INSTALLED, store=reported(noLayer="a\x1b[31m\u202e" + "b" * 5000)))
    assert isinstance(found, str)
    assert found.startswith("a [31m b")
    assert len(found) < 700


@pytest.mark.parametrize("words", [7, ["a"], {"a": 1}, None, ""])
def test_words_that_are_none_are_not_said(words: Any) -> None:
    found = after(100, job_pod(**INSTALLED, store=reported(noLayer=words)))
    assert found == "what container store reports is not a layer"
