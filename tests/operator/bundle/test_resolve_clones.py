"""Resolving a clone: what it takes of its base, once, and each thing that can be wrong with the base."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modelbundle_operator.api.names import Reason, parse
from modelbundle_operator.bundle.resolve import Find, Resolution, resolve
from modelbundle_operator.errors import BaseUnavailable, Terminal
from modelbundle_operator.judge.status import identity
from modelbundle_operator.settings import Settings

from bundle_spec.canonical import canonical
from tools.testkit.model_bundles import ARTIFACT, model_bundle

Body = dict[str, Any]
ZIP = {**ARTIFACT, "packaging": "zip"}
OTHER_DIGEST = "sha256:" + "ab" * 32


def base(name: str = "base", **fields: Any) -> Body:
    made = model_bundle(name, appConfig={"mode": "single"}, requirements=["a==1"], **fields)
    return {**made, "metadata": {**made["metadata"], "uid": f"uid-of-{name}"}}


def clone(name: str = "clone", of: str = "base", digest: str | None = None, **fields: Any) -> Body:
    made = base(name)
    asked = {"name": of, **({"digest": digest} if digest else {})}
    return {**made, "spec": {"bundle": {"cloneFrom": asked, **fields}}}


def known(*bodies: Body) -> Find:
    return {body["metadata"]["name"]: body for body in bodies}.get


def with_status(body: Body, resolution: Resolution) -> Body:
    """The body once the operator has written down what it resolved."""
    return {**body, "status": identity(parse(body), resolution, Settings())}


def unreachable(name: str) -> Body:
    raise AssertionError(f"{name} was looked for")


def test_a_clone_takes_what_it_does_not_set() -> None:
    own = resolve(parse(base()))
    made = resolve(parse(clone(appConfig={"mode": "batched"}, requirements=[])), known(base()))
    assert made.document["appConfig"] == {"mode": "batched"}
    assert "requirements" not in made.document
    assert made.document["requestSchema"] == own.document["requestSchema"]
    assert made.uri == own.uri
    assert made.lineage.model_dump() == {
        "root": "base", "parent": "base", "depth": 1, "changed": ["appConfig", "requirements"],
    }  # fmt: skip
    assert made.record is not None
    assert made.record.base is not None
    assert made.record.base.model_dump() == {"name": "base", "uid": "uid-of-base", "digest": own.digest}


def test_equal_content_has_equal_digests_however_it_came_about() -> None:
    own = resolve(parse(base()))
    assert resolve(parse(clone()), known(base())).digest == own.digest
    there = clone("there", appConfig={"mode": "batched"})
    there = with_status(there, resolve(parse(there), known(base())))
    back = resolve(parse(clone("back", "there", appConfig={"mode": "single"})), known(there))
    assert back.digest == own.digest
    assert (back.lineage.root, back.lineage.parent, back.lineage.depth) == ("base", "there", 2)
    assert back.record is not None
    assert back.record.ancestors == ["there", "base"]


def test_a_resolved_clone_looks_for_nobody() -> None:
    made = resolve(parse(clone(appConfig={"mode": "batched"})), known(base()))
    again = resolve(parse(with_status(clone(appConfig={"mode": "batched"}), made)), unreachable)
    assert again == made


configs = st.dictionaries(st.text(max_size=4), st.integers(-9, 9) | st.text(max_size=4) | st.none(), max_size=3)
fields = st.fixed_dictionaries(
    {},
    optional={
        "appConfig": configs,
        "requirements": st.lists(st.sampled_from(["a==1", "b", "c>=2"]), max_size=2),
        "env": st.lists(st.sampled_from([{"name": "A", "value": "1"}, {"name": "B", "value": ""}]), max_size=1),
        "responseSchema": st.just({"type": "integer"}),
    },
)


@given(st.lists(fields, min_size=1, max_size=5))
def test_no_resolved_clone_of_any_line_ever_looks_for_its_base(line: list[Body]) -> None:
    last = base("level-0")
    for level, changes in enumerate(line, 1):
        body = clone(f"level-{level}", f"level-{level - 1}", **changes)
        made = resolve(parse(body), known(last))
        last = with_status(body, made)
        assert resolve(parse(last), unreachable) == made
        written_out = {**made.document, "artifact": {**made.document["artifact"], "uri": made.uri}}
        del written_out["schemaVersion"]
        alone = {**base("alone"), "spec": {"bundle": written_out}}
        assert resolve(parse(alone), unreachable).digest == made.digest, "the self-standing form is the same content"


@pytest.mark.parametrize("lost", ["status", "record"])
def test_without_its_record_a_clone_is_resolved_anew(lost: str) -> None:
    body = with_status(clone(), resolve(parse(clone()), known(base())))
    if lost == "status":
        del body["status"]
    else:
        del body["status"]["resolved"]
    other = base(env=[{"name": "A", "value": "1"}])
    assert "env" in resolve(parse(body), known(other)).document


def rewritten(**fields: Any) -> Callable[[Body], None]:
    """The record's document with these fields; None takes one away."""

    def change(record: Body) -> None:
        document = {**json.loads(record["document"]), **fields}
        record["document"] = canonical({k: v for k, v in document.items() if v is not None}).decode()

    return change


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("no JSON", lambda record: record.update(document="{")),
        ("no object", lambda record: record.update(document="[]")),
        ("no bundle", lambda record: record.update(document='{"schemaVersion":1}')),
        ("not as this operator writes it", lambda record: record.update(document=record["document"] + " ")),
        ("of another schema", rewritten(schemaVersion=2)),
        ("no image", rewritten(envParams=None)),
        ("no artifact", rewritten(artifact=None)),
        ("an artifact without sha256", rewritten(artifact={"packaging": "zip"})),
        ("a field of another shape", rewritten(requirements=5)),
        ("a field that no bundle has", rewritten(command=["sh"])),
        ("not the appConfig that the clone sets", rewritten(appConfig={"mode": "forged"})),
        ("a field that the clone clears", rewritten(requirements=["a==1"])),
        ("of another base", lambda record: record["base"].update(name="other")),
        ("not of the base that is asked for", lambda record: record["base"].update(digest=OTHER_DIGEST)),
        ("a line that begins elsewhere", lambda record: record.update(ancestors=["other", "base"])),
        ("no base", lambda record: record.pop("base")),
    ],
)
def test_a_record_that_the_spec_contradicts_counts_as_none(why: str, change: Callable[[Body], None]) -> None:
    asked = clone(digest=resolve(parse(base())).digest, appConfig={"mode": "batched"}, requirements=[])
    made = resolve(parse(asked), known(base()))
    body = json.loads(json.dumps(with_status(asked, made)))
    assert resolve(parse(body), unreachable) == made
    change(body["status"]["resolved"])
    assert resolve(parse(body), known(base())) == made, why


@pytest.mark.parametrize(
    "forged",
    [
        {"root": "forged", "parent": "forged", "depth": 9, "changed": ["artifact", "appConfig", "env"]},
        {"root": None, "depth": -1},
        {"changed": ["appConfig"]},
    ],
)
def test_lineage_is_told_from_the_record_whatever_the_status_says(forged: Body) -> None:
    there = clone("there", appConfig={"mode": "batched"})
    there = with_status(there, resolve(parse(there), known(base())))
    back = clone("back", "there", appConfig={"mode": "single"})
    made = resolve(parse(back), known(there))
    body = with_status(back, made)
    body["status"]["lineage"] = forged
    again = resolve(parse(body), unreachable).lineage
    assert (again.root, again.parent, again.depth) == ("base", "there", 2)
    assert again.changed in (["appConfig"], None), "what the clone does not set it cannot have changed"
    heir = resolve(parse(clone("heir", "back")), known(body)).lineage
    assert (heir.root, heir.depth) == ("base", 3), "a forgery is not inherited"


def test_a_record_of_another_spec_counts_as_none() -> None:
    record = with_status(clone(), resolve(parse(clone()), known(base())))["status"]
    body = {**clone(appConfig={"mode": "batched"}), "status": record}
    assert resolve(parse(body), known(base())).document["appConfig"] == {"mode": "batched"}


def stalled_base(of: int = 1) -> Body:
    """A clone without a base of its own, whose status says of its generation `of` that no waiting helps."""
    about = {"reason": "CloneCycle", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    condition = {"type": "Stalled", "status": "True", "message": "It is wrong.", **about}
    return {**clone("base", "first"), "status": {"observedGeneration": of, "conditions": [condition]}}


def deleted(body: Body) -> Body:
    return {**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("body", "others", "reason", "says", "stalled"),
    [
        (clone(), [], Reason.BASE_NOT_FOUND, "Create it, and the clone continues automatically", False),
        (clone(), [deleted(base())], Reason.BASE_NOT_FOUND, "is being deleted", False),
        (
            clone(),
            [base(requestSchema={})],
            Reason.BASE_NOT_RESOLVED,
            "not help: spec.bundle.responseSchema is set",
            True,
        ),
        (
            clone(),
            [stalled_base()],
            Reason.BASE_NOT_RESOLVED,
            "waiting does not help: It is wrong. Put a corrected",
            True,
        ),
        (clone(), [stalled_base(of=0)], Reason.BASE_NOT_RESOLVED, "continues automatically once it is", False),
        (clone(), [clone("base", "first")], Reason.BASE_NOT_RESOLVED, "continues automatically once it is", False),
        (clone(digest=OTHER_DIGEST), [base()], Reason.BASE_CHANGED, f"asks for {OTHER_DIGEST}", True),
        (clone("a", "a"), [clone("a", "a")], Reason.CLONE_CYCLE, "itself: a -> a", True),
        (clone("a", "b"), [clone("a", "b"), clone("b", "a")], Reason.CLONE_CYCLE, "itself: a -> b -> a", True),
        (clone("c", "a"), [clone("a", "b"), clone("b", "a")], Reason.BASE_NOT_RESOLVED, "ModelBundle a, is not", False),
    ],
)
def test_a_base_that_will_not_do(body: Body, others: list[Body], reason: Reason, says: str, stalled: bool) -> None:
    with pytest.raises(BaseUnavailable) as error:
        resolve(parse(body), known(*others))
    assert (error.value.reason, error.value.stalled) == (reason, stalled)
    assert says in error.value.message
    assert error.value.base == body["spec"]["bundle"]["cloneFrom"]["name"]


def test_the_digest_that_is_asked_for_is_taken() -> None:
    own = resolve(parse(base()))
    assert resolve(parse(clone(digest=own.digest)), known(base())).digest == own.digest


def test_a_clone_of_a_clone_in_a_cycle_that_was_resolved_before_is_none() -> None:
    """a was resolved when its base was another bundle; that b is now a clone of a is not a cycle."""
    first = with_status(clone("a", "b"), resolve(parse(clone("a", "b")), known(base("b"))))
    assert resolve(parse(clone("b", "a")), known(first, clone("b", "a"))).lineage.depth == 2


@pytest.mark.parametrize(
    ("of", "fields", "reason", "says"),
    [
        (base(), {"loadPredictFn": "a.b"}, Reason.INVALID_VALUE, "spec.bundle.loadPredictFn goes with packaging zip"),
        (base(), {"requestSchema": {}}, Reason.INVALID_SCHEMA, "spec.bundle.requestSchema is not"),
        (base(), {"appConfig": {"n": 2**53}}, Reason.INVALID_VALUE, "spec.bundle.appConfig.n"),
        (base(env=[{"name": "A", "value": "x" * 8000}] * 20), {"appConfig": {"a": "x" * 50_000}}, Reason.TOO_LARGE,
         "196608 are allowed"),
    ],
)  # fmt: skip
def test_a_clone_that_cannot_run_is_refused(of: Body, fields: Body, reason: Reason, says: str) -> None:
    with pytest.raises(Terminal) as error:
        resolve(parse(clone(**fields)), known(of))
    assert error.value.reason == reason
    assert says in error.value.message


def test_a_zip_takes_another_function() -> None:
    of = base(artifact=ZIP, loadPredictFn="predict.load", loadModelFn="model.load")
    made = resolve(parse(clone(loadPredictFn="predict.other")), known(of))
    assert (made.document["loadPredictFn"], made.document["loadModelFn"]) == ("predict.other", "model.load")


def test_fifty_levels_deep() -> None:
    last = base("level-0")
    for level in range(1, 81):
        body = clone(f"level-{level}", f"level-{level - 1}", env=[{"name": "LEVEL", "value": str(level)}])
        last = with_status(body, resolve(parse(body), known(last)))
    lineage, record = last["status"]["lineage"], last["status"]["resolved"]
    assert lineage == {"root": "level-0", "parent": "level-79", "depth": 80, "changed": ["env"]}
    assert (len(record["ancestors"]), record["ancestors"][-1], record["depth"]) == (64, "level-0", 80)
    del last["status"]["lineage"]
    again = resolve(parse(last), unreachable).lineage
    assert (again.root, again.parent, again.depth) == ("level-0", "level-79", 80)
