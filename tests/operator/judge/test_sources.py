"""What install says of files is taken in its own form only, and a few of many packages are named."""

import pytest
from modelbundle_operator.judge.reports import Report
from modelbundle_operator.judge.sources import built_words, files_and_sources

DIGEST = "sha256:" + "a" * 64


def test_the_digest_and_the_packages_that_were_built() -> None:
    report = Report("Completed", more={"files": DIGEST, "fromSource": ["docopt==0.6.2", "own==1.0+cu121"]})
    assert files_and_sources(report) == (DIGEST, ("docopt==0.6.2", "own==1.0+cu121"))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"files": "sha256:<b>"},
        {"files": 1, "fromSource": ["docopt==0.6.2"]},
        {"files": DIGEST, "fromSource": {"docopt": "0.6.2"}},
        {"files": DIGEST, "fromSource": ["docopt", "<b>==1", None, "a" * 200 + "==1"]},
    ],
)
def test_what_has_another_form_is_left_out(more: dict[str, object]) -> None:
    files, built = files_and_sources(Report("Completed", more=more))
    assert files in ("", DIGEST)
    assert built == ()


def test_no_report_says_nothing() -> None:
    assert files_and_sources(None) == ("", ())


@pytest.mark.parametrize(("count", "words"), [(8, "p7==1;"), (10, "p7==1 and 2 others;"), (16, "8 or more others;")])
def test_few_are_named(count: int, words: str) -> None:
    assert words in built_words([f"p{at}==1" for at in range(count)])
