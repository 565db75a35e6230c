"""What a platform does not allow is refused in words.

The same rows try the chart's policies in tests/cluster/test_tenants.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.limits import NAMES, Limits, refuse, unknown
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.errors import Terminal

from tools.testkit.limit_rows import BEYOND, CONTACT, GOOD, LIMITS, WITHIN, Beyond, artifact, image, texts, within
from tools.testkit.model_bundles import model_bundle

BASE = model_bundle("base", **GOOD)
NAMESPACE = "models"


def said(limits: Limits, body: dict[str, Any], base: dict[str, Any] = BASE) -> str:
    """The refusal; empty when there is none."""
    bundle = parse(body)
    try:
        refuse(limits, bundle, resolve(bundle, {"base": base}.get))
    except Terminal as refused:
        return f"{refused.reason}: {refused.message}".removeprefix("InvalidValue: ")
    return ""


@pytest.mark.parametrize(("why", "body"), WITHIN, ids=[why for why, _ in WITHIN])
def test_what_is_allowed_is_let_through(why: str, body: dict[str, Any]) -> None:
    assert said(texts(LIMITS), body) == ""


@pytest.mark.parametrize("row", BEYOND, ids=[row.why for row in BEYOND])
def test_what_is_not_allowed_is_refused_with_field_value_and_whom_to_ask(row: Beyond) -> None:
    assert said(texts(LIMITS), row.body) == (
        f"{row.words(NAMESPACE)} Ask {CONTACT}, or choose what is allowed. What serves goes on serving meanwhile;"
        " scaled to 0 it ends."
    )


@pytest.mark.parametrize("row", BEYOND, ids=[row.why for row in BEYOND])
def test_without_its_limit_it_is_let_through(row: Beyond) -> None:
    others = {name: value for name, value in LIMITS.items() if name != row.limit}
    assert said(texts(others), row.body) == ""
    assert said({}, row.body) == ""


def test_there_are_rows_for_each_limit_and_25_in_all() -> None:
    assert {row.limit for row in BEYOND} == NAMES == LIMITS.keys()
    assert len(BEYOND) >= 25


def test_an_empty_limit_allows_nothing() -> None:
    limits = texts({name: [] for name in LIMITS if isinstance(LIMITS[name], list)})
    assert "the limit packagings allows none." in said(limits, within())
    assert "the limit imageRepositories allows none." in said(limits, image())


def test_an_empty_list_of_refused_names_refuses_none() -> None:
    body = within(env=[{"name": "HTTPS_PROXY", "value": "x"}])
    assert said({"refusedEnv": ""}, body) == ""
    eleven = "\n".join([*(f"NAME_{number}" for number in range(10)), "HTTPS_*"])
    assert "the limit refusedEnv allows all but 11 names." in said({"refusedEnv": eleven}, body)


def test_all_that_is_refused_is_said_at_once() -> None:
    body = within({"serviceAccountName": "deployer", "replicas": 9})
    words = said(texts(LIMITS), body)
    assert "deployer is not allowed" in words
    assert "9 is not allowed" in words


def test_the_limit_of_a_namespace_replaces_the_general_one() -> None:
    looser = {**texts({"replicasMax": 2}), f"{NAMESPACE}.replicasMax": "9"}
    assert said(looser, within({"replicas": 9})) == ""
    stricter = {**texts({"artifactPrefixes": ["s3://models"]}), f"{NAMESPACE}.artifactPrefixes": "s3://elsewhere"}
    assert "the limit artifactPrefixes allows s3://elsewhere." in said(stricter, within())
    of_another = {"other.replicasMax": "1"}
    assert said(of_another, within({"replicas": 9})) == ""


def test_what_is_stored_only_is_not_refused_so_that_what_serves_can_be_ended() -> None:
    assert said(texts(LIMITS), within({"replicas": 0, "serviceAccountName": "deployer"})) == ""


@pytest.mark.parametrize("text", ["", "many", "1.5"])
def test_a_number_that_is_none_refuses(text: str) -> None:
    assert f"The limit replicasMax is {text!r}, which is not a whole number." in said({"replicasMax": text}, within())


def test_blank_lines_and_ends_of_lines_do_not_count() -> None:
    assert said({"artifactPrefixes": "\r\n  s3://models/team-a \r\n\r\n"}, within()) == ""


def test_a_long_list_is_counted_and_not_printed() -> None:
    limits = {"artifactPrefixes": "\n".join(f"s3://models/{number}" for number in range(11))}
    assert "the limit artifactPrefixes allows 11 others." in said(limits, within())


def test_without_a_contact_the_platform_engineer_is_asked() -> None:
    assert "Ask the platform engineer, or choose" in said({"packagings": "zip"}, within())


class TestAClone:
    """What it gets from its base admission has not seen."""

    def test_what_it_inherits_is_refused_and_named_as_inherited(self) -> None:
        base = {**BASE, "spec": artifact(uri="s3://models/team-b/x.pkl")["spec"]}
        words = said(texts(LIMITS), clone(), base)
        assert words.startswith(
            "spec.bundle.artifact.uri (inherited from ModelBundle base): s3://models/team-b/x.pkl is not allowed"
        )

    @pytest.mark.parametrize("field", ["envParams", "requirements", "env"])
    def test_a_field_of_its_own_is_its_own(self, field: str) -> None:
        value = {
            "envParams": image("docker.io/evil/miner")["spec"]["bundle"]["envParams"],
            "requirements": ["x @ https://evil.example/x-1-py3-none-any.whl"],
            "env": [{"name": "HTTPS_PROXY", "value": "http://evil.example"}],
        }[field]
        assert "inherited" not in said(texts(LIMITS), clone(**{field: value}))
        base = model_bundle("base", **{**GOOD, field: value})
        assert "inherited from ModelBundle base" in said(texts(LIMITS), clone(), base)

    def test_what_it_replaces_is_not_held_against_it(self) -> None:
        evil = image("docker.io/evil/miner")["spec"]["bundle"]["envParams"]
        base = model_bundle("base", **{**GOOD, "envParams": evil})
        assert said(texts(LIMITS), clone(envParams=GOOD["envParams"]), base) == ""


def clone(**fields: Any) -> dict[str, Any]:
    own = {"artifact": None, "envParams": None, "cloneFrom": {"name": "base"}, "requestSchema": None,
           "responseSchema": None, **fields}  # fmt: skip
    return model_bundle("clone", {"gpu": {"count": 0}}, **own)


def test_names_that_limit_nothing_are_found() -> None:
    limits = {**texts(LIMITS), "team-a.replicasMax": "1", "imageRepository": "x", "team-a.contact": "y"}
    assert unknown(limits) == ["imageRepository", "team-a.contact"]
