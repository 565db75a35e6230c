"""`modelbundle wait` against an API server's watch: a line a change, and an exit code for what became of it."""

import json
from collections.abc import Iterator

import pytest
from modelbundle_operator.api.names import ConditionType

from launch.bundle.conditions import TYPES
from tests.launch.cli.api_server import READY, STALLED, STARTING, Api, bundle


@pytest.fixture
def wait(tmp_path, modelbundle_here) -> Iterator:
    servers = []

    def run(events, *words):
        api = Api(events)
        servers.append(api)
        return modelbundle_here("wait", *words, KUBECONFIG=api.write_kubeconfig(tmp_path / "config"))

    yield run
    for server in servers:
        server.close()


def test_each_change_is_a_line_until_it_holds(wait):
    done = wait([bundle(1), bundle(2, STARTING), bundle(3, STARTING), bundle(4, READY)], "b", "--timeout", "60s")
    assert done.code == 0, done.err
    assert [line.split(" ", 1)[1] for line in done.out.splitlines()] == [
        "Ready=False Progressing: the worker loads",
        "Ready=True Serving: 1 of 1 replicas answer",
    ]


def test_a_bundle_that_already_is_ready_ends_at_once(wait):
    assert wait([bundle(1, READY)], "b").code == 0


def test_stalled_is_exit_code_two_with_its_message(wait):
    done = wait([bundle(1, STARTING), bundle(2, STARTING, STALLED)], "b", "--timeout", "60s")
    assert done.code == 2
    assert "b is stalled: ArtifactDigestMismatch: expected a, got b" in done.err


def test_a_timeout_is_exit_code_one(wait):
    done = wait([bundle(1, STARTING)], "b", "--timeout", "1s", "-o", "json")
    assert (done.code, json.loads(done.err.splitlines()[-1])["error"]["code"]) == (1, "Timeout")


def test_a_bundle_that_is_not_there_is_said(wait):
    done = wait([bundle(1)], "c")
    assert done.code == 1
    assert "there is no bundle 'c' in namespace models" in done.err


def test_a_status_of_an_older_spec_does_not_count(wait):
    old = bundle(1, READY)
    old["metadata"]["generation"] = 2
    assert wait([old], "b", "--timeout", "1s").code == 1


def test_other_conditions_and_statuses_can_be_waited_for(wait):
    assert wait([bundle(1, STARTING)], "b", "--for", "Ready=False").code == 0


@pytest.mark.parametrize("condition", ["Reconciling", "Stalled"])
def test_what_is_there_only_while_it_is_true_is_false_without(wait, condition):
    assert wait([bundle(1, READY)], "b", "--for", f"{condition}=False").code == 0
    assert wait([bundle(1)], "b", "--for", f"{condition}=False", "--timeout", "1s").code == 1  # not looked at yet


def test_a_timeout_that_is_no_duration_is_wrong_usage(wait):
    assert wait([bundle(1)], "b", "--timeout", "soon").code == 64


@pytest.mark.parametrize("timeout", ["-1", "1..2", ".", "nan", "inf", "9" * 400, "200h", ""])
def test_a_timeout_out_of_range_is_wrong_usage(wait, timeout):
    done = wait([bundle(1, READY)], "b", "--timeout", timeout)
    assert (done.code, "Invalid value for '--timeout'" in done.err) == (64, True)


def test_a_timeout_of_nothing_looks_once(wait):
    assert wait([bundle(1, READY)], "b", "--timeout", "0").code == 0
    assert wait([bundle(1, STARTING)], "b", "--timeout", "0").code == 1


def test_a_condition_that_no_bundle_has_is_wrong_usage_and_names_those_that_there_are(wait):
    for word in ("Nonsense", "ready", "", "=True"):
        done = wait([bundle(1, READY)], "b", "--for", word)
        assert done.code == 64
        assert all(name in done.err for name in ConditionType)


def test_a_status_that_no_condition_has_is_wrong_usage(wait):
    for word in ("Ready=Foo", "Ready=true", "Ready="):
        done = wait([bundle(1, READY)], "b", "--for", word)
        assert done.code == 64
        assert "one of True, False, Unknown" in done.err


def test_the_conditions_are_those_of_the_operator():
    assert set(TYPES) == set(ConditionType)
