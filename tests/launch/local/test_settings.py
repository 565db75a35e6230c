"""What the local server and worker are told of a bundle's serving."""

from __future__ import annotations

from typing import Any

import pytest

from launch.local.settings import server_command, worker_variables


@pytest.mark.parametrize(
    ("serving", "told"),
    [
        ({}, "--max-concurrency 1 --drain-seconds 0 --request-timeout-seconds 60"),
        ({"maxConcurrency": 4, "requestTimeoutSeconds": 5}, "--max-concurrency 4"),
        ({"requestTimeoutSeconds": 5}, "--request-timeout-seconds 5"),
        ({"maxRequestBytes": 1048576}, "--max-request-bytes 1048576"),
        ({"idleSeconds": 15}, "--idle-seconds 15"),
        (
            {"corsOrigins": ["https://a.example", "https://b.example"]},
            "--cors-origins https://a.example,https://b.example",
        ),
        ({"accessLog": True, "tracebacks": True}, "--access-log --tracebacks"),
    ],
)
def test_the_server_has_what_serving_says(serving: dict[str, Any], told: str) -> None:
    command = " ".join(server_command("mine", 8080, serving))
    assert told in command
    assert "--name mine" in command
    assert "--port 8080" in command
    assert "--local-only" in command, "only this machine may ask it"


@pytest.mark.parametrize(
    ("serving", "variables"),
    [
        ({}, {}),
        ({"maxConcurrency": 3}, {"MODELBUNDLE_MAX_CONCURRENCY": "3"}),
        ({"warmUp": '{"x": 1}'}, {"MODELBUNDLE_WARM_UP": '{"x": 1}'}),
        ({"resources": {"cpu": "2"}}, {"MODELBUNDLE_CPUS": "2"}),
        ({"resources": {"cpuLimit": "1500m"}}, {"MODELBUNDLE_CPUS": "2"}),
        ({"resources": {"cpu": "1", "cpuLimit": "4"}}, {"MODELBUNDLE_CPUS": "1"}),
    ],
)
def test_the_worker_has_the_variables_of_a_pod(serving: dict[str, Any], variables: dict[str, str]) -> None:
    found = worker_variables([{"name": "A", "value": "b"}, {"name": "EMPTY"}], serving)
    assert found == {"A": "b", "EMPTY": "", "MODELBUNDLE_MAX_CONCURRENCY": "1", **variables}
