"""With pydantic 2 a class with `__root__` fails before any code of the client runs; the documented change fixes it."""

from __future__ import annotations

import pytest

from tests.seed.story import Story

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900), pytest.mark.xdist_group("seed")]

BLOCKS = ["block1", "block2", "block3"]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_block_as_it_stands_fails_inside_pydantic(pydantic_2: Story, block: str) -> None:
    done = pydantic_2.scripts[block]
    assert done.code == 1
    *_, last_frame, raising_line, error = done.err.rstrip().splitlines()
    assert "/site-packages/pydantic/" in last_frame, done.err
    assert raising_line.strip().startswith("raise "), done.err
    assert "pydantic.RootModel" in error
    assert "__root__" in error


@pytest.mark.parametrize("block", BLOCKS)
def test_the_documented_change_mends_it(pydantic_2: Story, block: str) -> None:
    done = pydantic_2.scripts[f"{block}_changed"]
    assert done.code == 0, done.err


def test_the_list_has_what_the_changed_blocks_made_and_nothing_else(pydantic_2: Story) -> None:
    names = [name for name, *_ in pydantic_2.result("list")]
    assert names == ["test-bundle", "test-bundle", "test-bundle-single", "test-bundle-batched"]


def test_block_1_serves(pydantic_2: Story) -> None:
    assert pydantic_2.result("direct by its endpoint") == ["SUCCESS", {"result": "7"}, None]


def test_block_3_serves_single_requests_with_the_schema_of_its_root_model(pydantic_2: Story) -> None:
    assert pydantic_2.result("single") == 7
    kind, message = pydantic_2.raised("single without kind")
    assert kind == "PredictionError"
    assert "kind" in message


def test_block_3_batched_answers_with_its_own_mistake(pydantic_2: Story) -> None:
    kind, message = pydantic_2.raised("batched")
    assert kind == "PredictionError"
    assert "'int' object is not iterable" in message


def test_a_clone_of_block_3_serves(pydantic_2: Story) -> None:
    assert pydantic_2.result("clone answers") == 7


def test_block_2_says_the_same_as_with_pydantic_1(pydantic_2: Story) -> None:
    status, reason, message = pydantic_2.result("directories")
    assert (status, reason) == ("False", "LoadFailed")
    assert "NameError" in message


def test_nothing_is_left(pydantic_2: Story) -> None:
    assert pydantic_2.result("clean up") == [True, 0, 0]
