"""Of what a namespace says of a layer the newest word counts: made, not to be made, or lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.api.status import Layer
from modelbundle_operator.api.times import timestamp
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.jobs import Job
from modelbundle_operator.judge.layers import (
    AGAIN_SECONDS,
    AHEAD,
    is_to_be_made,
    is_understood,
    lost,
    made,
    newest,
    until,
)
from modelbundle_operator.judge.observation import Pod

from tools.testkit.cluster_objects import (
    START,
    at,
    completed,
    ended,
    layer,
    pod,
    precheck_pod,
    reported,
    running,
)

Body = dict[str, Any]
INPUTS = "sha256:" + "1" * 64
ARTIFACT = "s3://models/llama/bundle.zip"
JOB = Job("modelbundle-precheck-1", "j", "llama", START, layer=INPUTS)


def there(seconds: float = 5, **more: Any) -> Layer:
    return Layer(inputs=INPUTS, time=at(seconds), **layer(**more))


def none(seconds: float = 5, message: str = "no") -> Layer:
    return Layer(inputs=INPUTS, time=at(seconds), message=message)


def gone(seconds: float = 50) -> Layer:
    return Layer(inputs=INPUTS, time=at(seconds), sha256="ef" * 32, message="no")


def test_the_newest_word_counts() -> None:
    assert newest() is newest(None, None) is None
    assert newest(there(5), None, none(4)) == there(5)
    assert newest(there(5), gone(6)) == gone(6)
    assert newest(gone(6), there(7)) == there(7)


def test_of_two_at_the_same_time_the_same_one_counts_in_any_order() -> None:
    one, other = there(5), there(5, sha256="12" * 32)
    assert newest(one, other) == newest(other, one)
    assert newest(none(5), one) == newest(one, none(5)) == one


MAKE = [
    ("nothing is known", None, 0, True),
    ("there is one", there(), AGAIN_SECONDS * 9, False),
    ("it was lost", gone(), 51, True),
    ("none could be made a minute ago", none(), 65, False),
    ("nor a day ago", none(), 5 + AGAIN_SECONDS, True),
]


@pytest.mark.parametrize(("why", "known", "now", "makes"), MAKE, ids=[row[0] for row in MAKE])
def test_whether_it_is_to_be_made(why: str, known: Layer | None, now: float, makes: bool) -> None:
    assert is_to_be_made(known, START + timedelta(seconds=now)) is makes, why


def job_pod(uid: str = "j", **containers: Body) -> Pod:
    return observe_pod(precheck_pod("p", uid, prepare=completed(), install=completed(), **containers))


def test_a_job_has_made_one_or_says_why_not() -> None:
    assert made(JOB, [job_pod(store=reported(layer=layer(), finished=9))], ARTIFACT, START) == there(9)
    assert made(JOB, [job_pod(store=reported(noLayer="no"))], ARTIFACT, START) == none(5)
    assert made(JOB, [job_pod(store=ended(1)), job_pod(store=reported(layer=layer()))], ARTIFACT, START) == there(5)


NOT_MADE = [
    ("there is no Job", None, job_pod(store=reported(layer=layer()))),
    ("it was to make none", Job("p", "j", "llama"), job_pod(store=reported(layer=layer()))),
    ("a pod of another Job says so", JOB, job_pod("other", store=reported(layer=layer()))),
    ("install says so", JOB, observe_pod(precheck_pod("p", "j", install=reported(layer=layer())))),
    (
        "it has used another bundle's, made meanwhile",
        JOB,
        observe_pod(
            precheck_pod(
                "p",
                "j",
                prepare=completed(),
                install=reported(layer="sha256:" + "cd" * 32),
                store=reported(noLayer="they come from a layer already"),
            )
        ),
    ),
    ("a pod of nobody's says so", JOB, observe_pod(pod(install=completed(), store=reported(layer=layer())))),
]


@pytest.mark.parametrize(("why", "job", "said"), NOT_MADE, ids=[row[0] for row in NOT_MADE])
def test_nobody_else_is_believed(why: str, job: Job | None, said: Pod) -> None:
    assert made(job, [said], ARTIFACT, START) is None, why


def looked(why: Any, finished: float = 50, container: str = "prepare", **more: Any) -> Pod:
    failed = {"why": why, "message": "404 at s3://models/llama", **more}
    containers: Body = {container: reported(finished, layerFailed=failed)}
    return observe_pod(pod(**containers))


KEPT = [
    ("nobody has complained", observe_pod(pod(prepare=completed()))),
    ("the store was away", looked("Unreachable")),
    ("these keys may not read", looked("Denied")),
    ("a word that nobody knows", looked("Vanished")),
    ("not a word", looked(["NotFound"], message=7)),
    ("before it was made", looked("NotFound", finished=4)),
    ("in the second in which it was made", looked("NotFound", finished=5)),
    ("of another one", looked("NotFound", sha256="12" * 32)),
    ("by user code, whose image is another one", looked("Mismatch", container="install")),
    ("prepare has failed", observe_pod(pod(prepare=ended(1, '{"reason": "ArtifactNotFound", "layerFailed": '
     '{"why": "NotFound", "message": "no"}}')))),
    ("prepare runs again", observe_pod(pod(prepare=running(60)))),
]  # fmt: skip


@pytest.mark.parametrize(("why", "seen"), KEPT, ids=[row[0] for row in KEPT])
def test_it_stays(why: str, seen: Pod) -> None:
    assert lost(there(), [seen], START) is None, why


@pytest.mark.parametrize("why", ["NotFound", "Mismatch", "Broken"])
@pytest.mark.parametrize("more", [{}, {"sha256": "ef" * 32}])
def test_it_is_lost(why: str, more: Body) -> None:
    found = lost(there(), [observe_pod(pod()), looked(why, **more)], START)
    assert found is not None
    assert (found.inputs, found.sha256, found.uri, found.time) == (INPUTS, "ef" * 32, None, at(50))
    assert found.message is not None
    assert "404 at s3://models/llama" in found.message
    assert newest(there(), found) == found
    assert lost(found, [looked(why, finished=70)], START) is None, "one word about it is enough"


def test_a_node_whose_clock_is_far_ahead_has_not_looked_for_a_layer_that_is_made_later() -> None:
    year = 365 * 86_400
    said = looked("NotFound", finished=year)
    assert said.created is not None
    made_before = Layer(inputs=INPUTS, time="2025-12-31T00:00:00Z", **layer())
    found = lost(made_before, [said], START)
    assert found is not None
    assert found.time == timestamp(said.created)
    assert lost(there(60), [said], START) is None
    job = job_pod(store=reported(layer=layer(), finished=year))
    assert made(JOB, [job], ARTIFACT, START) == there(0)


# what has the right types and the operator does not write
ODD = ["2026-01-01T00:00:00+99:99", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00ZTx", "2026-01-01t00:00:00z",
       "2026-01-01T00:00:00", "2026-01-01T00:00:00.5Z", "2026-01-01T02:00:00+02:00", ""]  # fmt: skip


@pytest.mark.parametrize("time", ODD)
def test_a_time_that_is_not_written_here_is_not_understood(time: str) -> None:
    assert not is_understood(Layer(inputs=INPUTS, time=time, message="no"))


def test_what_is_written_here_is_understood_and_an_address_without_the_rest_is_not() -> None:
    assert all(is_understood(word) for word in (there(), none(), gone()))
    for part in ("digest", "sha256", "bytes"):
        assert not is_understood(there().model_copy(update={part: None})), part
    assert not is_understood(there(bytes=1 << 60))
    assert not is_understood(there(message="no")), "an apply leaves what somebody else has written beside it"
    assert not is_understood(there(uri=f"s3://models/layers/{'9' * 64}.tar.zst")), "of another sha256"


def test_what_is_said_of_far_ahead_does_not_count() -> None:
    ahead = AHEAD.total_seconds()
    assert until(START, [there(ahead), none(ahead + 1)]) == [there(ahead)]


def test_words_of_a_hostile_image_are_bounded() -> None:
    found = lost(there(), [looked("NotFound", message="\x00" + "a" * 3000)], START)
    assert found is not None
    assert found.message is not None
    assert "\x00" not in found.message
    assert len(found.message) < 1024
    Layer.model_validate(found.model_dump(by_alias=True))
