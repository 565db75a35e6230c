"""The page of twenty failures is what kubectl prints of them now, and each ends with its row, however long it is."""

import shutil

import pytest

from tests.docs.described_failures import PAGE, drawn, page
from tests.docs.reader_answers import ROUNDS, rounds

needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl, which the cluster tests bring")


@needs_kubectl
def test_the_page_is_what_kubectl_prints():
    assert PAGE.read_text().split() == page().split(), "python -m tests.docs.described_failures"


def test_the_page_tells_of_each_reader():
    assert rounds() in PAGE.read_text()
    for one in ROUNDS:
        assert not set(one.partly) & set(one.misled)
        assert {*one.partly, *one.misled} <= set(drawn())


@pytest.mark.parametrize(("number", "code"), list(enumerate(drawn(), 1)))
def test_condition_and_event_end_with_the_row(number, code):
    section = PAGE.read_text().partition(f"## {number}\n")[2].partition("\n## ")[0]
    condition, _, event = section.partition("Events:")
    assert f"[docs/how-to/troubleshooting.md#{code}]\n    Observed Generation" in condition
    assert event.rstrip().endswith(f"[docs/how-to/troubleshooting.md#{code}]\n```")
