"""A pickle is read by the Python that wrote it, or not at all: another one is refused before anything is unpickled."""

from __future__ import annotations

import sys

import pytest

from tests.seed.environments import SERIES
from tests.seed.story import Story

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900), pytest.mark.xdist_group("seed")]


def test_the_condition_names_both_pythons(another_python: Story) -> None:
    assert another_python.result("create").startswith("another-python-")
    status, reason, message = another_python.result("condition")
    assert (status, reason) == ("False", "PythonMismatch")
    assert "{}.{}".format(*sys.version_info) in message
    assert SERIES in message
