"""What the server of a pod is asked to say of its requests: nothing by default, and then as the bundle has it."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.settings import Settings

from tests.operator.render.test_desired import SETTINGS, containers, env, plan

ENDPOINT = "http://collector.observability:4318"
DEFAULT = Settings(tracing_endpoint="http://all.example:4318", tracing_sampling_rate_per_million=10_000)


def otel(serving: dict[str, Any] | None, settings: Settings = SETTINGS) -> dict[str, str]:
    found = env(containers(plan(serving, settings=settings))["server"])
    return {name.removeprefix("OTEL_"): value for name, value in found.items() if name.startswith("OTEL_")}


def test_nothing_is_asked_for_by_default() -> None:
    server = containers(plan())["server"]
    assert otel(None) == {}
    assert not {"--access-log", "--tracebacks"} & set(server["command"])


@pytest.mark.parametrize(
    ("serving", "flags"),
    [
        ({"accessLog": True}, ["--access-log"]),
        ({"tracebacks": True}, ["--tracebacks"]),
        ({"tracebacks": True, "accessLog": True}, ["--access-log", "--tracebacks"]),
        ({"tracebacks": False, "accessLog": False}, []),
    ],
)
def test_switches_are_flags_of_the_servers_command(serving: dict[str, Any], flags: list[str]) -> None:
    before, after = (containers(plan(each))["server"]["command"] for each in (None, serving))
    assert after == [*before, *flags]


@pytest.mark.parametrize(
    ("tracing", "variables"),
    [
        ({}, {}),
        ({"samplingRatePerMillion": 5}, {}),
        ({"endpoint": ENDPOINT}, {"EXPORTER_OTLP_ENDPOINT": ENDPOINT, "SERVICE_NAME": "sentiment-v3"}),
        (
            {"endpoint": ENDPOINT, "samplingRatePerMillion": 0, "serviceName": "$(HOME)"},
            {
                "EXPORTER_OTLP_ENDPOINT": ENDPOINT,
                "SERVICE_NAME": "$$(HOME)",
                "TRACES_SAMPLER": "parentbased_traceidratio",
                "TRACES_SAMPLER_ARG": "0",
            },
        ),
    ],
)
def test_tracing_is_variables_of_opentelemetry(tracing: dict[str, Any], variables: dict[str, str]) -> None:
    assert otel({"tracing": tracing}) == variables


def test_the_operators_defaults_are_for_bundles_that_say_nothing() -> None:
    assert otel(None, DEFAULT)["EXPORTER_OTLP_ENDPOINT"] == "http://all.example:4318"
    assert otel(None, DEFAULT)["TRACES_SAMPLER_ARG"] == "0.01"
    own = otel({"tracing": {"endpoint": ENDPOINT, "samplingRatePerMillion": 1_000_000}}, DEFAULT)
    assert own["EXPORTER_OTLP_ENDPOINT"] == ENDPOINT
    assert "TRACES_SAMPLER" not in own


def test_a_default_that_the_operator_is_given_later_changes_no_running_pod() -> None:
    live = plan().deployment
    assert plan(live=live, settings=DEFAULT).deployment == live


def test_the_worker_gets_none_of_it() -> None:
    found = containers(plan({"tracing": {"endpoint": ENDPOINT}, "accessLog": True, "tracebacks": True}))
    assert found["worker"] == containers(plan())["worker"]
