"""What switches spans on: the variables that all of OpenTelemetry has."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bundle_runtime.server.observe.choose import traces

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "a"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "True"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_an_endpoint_does_unless_it_is_switched_off(environ: dict[str, str], on: bool) -> None:
    assert traces(environ) == on


def test_nothing_of_opentelemetry_is_imported_until_then() -> None:
    code = "import sys, bundle_runtime.server.__main__; print([name for name in sys.modules if 'telemetry' in name])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
