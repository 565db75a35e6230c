"""The seed's three blocks as they stand, with the Python and the pydantic of their time, end to end on the cluster."""

from __future__ import annotations

import pytest

from tests.seed.story import Story

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900), pytest.mark.xdist_group("seed")]

CONFIGS = {"test-bundle-single": {"mode": "single"}, "test-bundle-batched": {"mode": "batched"}}


@pytest.mark.parametrize("script", ["block1", "block2", "block2_corrected", "block3"])
def test_the_block_runs(pydantic_1: Story, script: str) -> None:
    done = pydantic_1.scripts[script]
    assert done.code == 0, done.err
    assert "Traceback" not in done.err


def test_the_list_has_what_the_blocks_made(pydantic_1: Story) -> None:
    listed = pydantic_1.result("list")
    kinds = [(name, packaging) for name, _, packaging, _, _ in listed]
    assert kinds == [
        ("test-bundle", "cloudpickle"),
        ("test-bundle", "zip"),
        ("test-bundle", "zip"),
        ("test-bundle-single", "cloudpickle"),
        ("test-bundle-batched", "cloudpickle"),
    ]
    assert [config for _, _, _, config, _ in listed[3:]] == list(CONFIGS.values())
    assert len({bundle_id for _, bundle_id, *_ in listed}) == 5
    assert pydantic_1.result("newest of a name") == listed[2][1]


def test_block_1_serves(pydantic_1: Story) -> None:
    assert pydantic_1.result("create endpoint") == "test-endpoint"
    assert pydantic_1.result("direct by its endpoint") == ["SUCCESS", {"result": "7"}, None]


def test_block_2_warns_of_what_its_files_hold(pydantic_1: Story) -> None:
    said = pydantic_1.scripts["block2"].err
    assert "LaunchWarning" in said
    assert "predict.py" in said
    assert "requirements.txt" in said
    assert "LaunchWarning" not in pydantic_1.scripts["block2_corrected"].err
    _, directories, corrected, *_ = pydantic_1.result("list")
    assert directories[4] == []
    assert corrected[4] == ["numpy", "scikit-learn"]


def test_block_2_ends_in_a_condition_that_says_what_is_wrong(pydantic_1: Story) -> None:
    status, reason, message = pydantic_1.result("directories")
    assert (status, reason) == ("False", "LoadFailed")
    assert "NameError" in message
    assert "numpy" in message


def test_block_2_as_it_was_meant_serves(pydantic_1: Story) -> None:
    assert pydantic_1.result("corrected directories") == 7


def test_block_3_serves_single_requests(pydantic_1: Story) -> None:
    assert pydantic_1.result("single") == 7
    kind, message = pydantic_1.raised("single without kind")
    assert kind == "PredictionError"
    assert "kind" in message


def test_block_3_batched_answers_with_its_own_mistake(pydantic_1: Story) -> None:
    assert pydantic_1.result("batched loads").startswith("test-bundle-batched-")
    kind, message = pydantic_1.raised("batched")
    assert kind == "PredictionError"
    assert "TypeError" in message
    assert "'int' object is not iterable" in message


def test_a_clone_of_block_3_serves(pydantic_1: Story) -> None:
    name, clone_id, model_bundle_id, config = pydantic_1.result("clone")
    assert name == "test-bundle-single"
    assert clone_id == model_bundle_id
    assert clone_id not in [bundle_id for _, bundle_id, *_ in pydantic_1.result("list")]
    assert config == {"mode": "single", "from": "a clone"}
    assert pydantic_1.result("clone answers") == 7


def test_nothing_is_left(pydantic_1: Story) -> None:
    assert pydantic_1.result("clean up") == [True, 0, 0]
