"""What a pod's server says of its requests: options and variables, none of them where nothing is asked for."""

from modelbundle_operator.api.names import ModelBundle, Serving
from modelbundle_operator.api.serving import Tracing
from modelbundle_operator.render.surroundings import literal
from modelbundle_operator.settings import Settings

_ALL = 1_000_000


def server_flags(serving: Serving) -> list[str]:
    """Of the server's command, behind its options."""
    flags = {"--access-log": serving.access_log, "--tracebacks": serving.tracebacks}
    return [flag for flag, wanted in flags.items() if wanted]


def tracing_env(bundle: ModelBundle, settings: Settings) -> dict[str, str]:
    """The variables that OpenTelemetry has for it. The bundle's own values go before the operator's."""
    asked = bundle.spec.serving.tracing or Tracing()
    endpoint = asked.endpoint or settings.tracing_endpoint
    if not endpoint:
        return {}
    rate = asked.sampling_rate_per_million
    if rate is None:
        rate = settings.tracing_sampling_rate_per_million
    sampler = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": f"{rate / _ALL:g}"}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": literal(endpoint),
        "OTEL_SERVICE_NAME": literal(asked.service_name or bundle.metadata.name),
        **(sampler if rate < _ALL else {}),
    }
