"""What doctor says of limits: those that hold in the namespace, in the words of their refusals, and whom to ask."""

from __future__ import annotations

from dataclasses import replace

from modelbundle_operator.bundle import limits

from launch.doctor.checks import judged
from launch.doctor.facts import Finding, Unknown
from launch.doctor.tenants import NAMES
from tests.launch.doctor.test_checks import FORBIDDEN, WELL
from tools.testkit.limit_rows import CONTACT, LIMITS, texts


def found(**data: str) -> Finding:
    return judged(replace(WELL, limits=data))["limits"]


def test_its_limits_are_those_that_the_operator_asks_for() -> None:
    assert set(NAMES) == limits.NAMES
    assert len(NAMES) == len(limits.NAMES)


def test_each_that_holds_is_shown_with_what_it_allows() -> None:
    finding = found(**texts(LIMITS))
    assert finding.answer == "yes"
    words = finding.says.split("; ")
    assert words[:2] == ["packagings: cloudpickle",
                         "artifactPrefixes: s3://models/team-a, https://files.example.com/a/"]  # fmt: skip
    assert "images by digest only" in words
    assert "gpusMax: 8" in words
    assert words[-2:] == ["refusedEnv: all but HTTPS_PROXY, AWS_*", f"ask {CONTACT}"]
    assert len(words) == len(LIMITS) + 1


def test_that_of_the_namespace_goes_before_and_those_of_others_are_not_shown() -> None:
    finding = found(**{"replicasMax": "4", "models.replicasMax": "9", "other.gpusMax": "1", "other.typo": "1"})
    assert finding.says == "replicasMax: 9 (of models alone); ask the platform engineer"


def test_what_allows_everything_is_no_limit() -> None:
    finding = found(imageDigestRequired="false", refusedEnv="", contact="#ml")
    assert (finding.answer, finding.says) == ("yes", "none is set")


def test_nothing_of_a_kind_is_said_as_none_and_a_long_list_is_counted() -> None:
    finding = found(runtimeClasses="", serviceAccounts="\n".join(map(str, range(11))))
    assert finding.says.startswith("serviceAccounts: 11 entries; runtimeClasses: none")


def test_who_may_not_read_them_hears_where_they_are_and_where_else_they_are_said() -> None:
    finding = judged(replace(WELL, limits=FORBIDDEN))["limits"]
    assert finding.answer == "unknown"
    assert finding.says == (
        "there may be limits, in the ConfigMap modelbundle-tenants of modelbundle-system: you may not ask for it"
    )
    assert "what is refused says the limit" in finding.change
    hidden = judged(replace(WELL, operators=FORBIDDEN, limits=Unknown("not asked")))["limits"]
    assert hidden.says == "whether there are limits is not known: you may not ask for it"
