"""What a bundle asks for that no pod can be given: Terminal, with the field and what to do."""

from collections.abc import Callable

from bundle_spec.serving import SERVING_CHECKS, check_env
from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import ModelBundle, Reason
from modelbundle_operator.api.verdict import sentence
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.errors import Terminal


def refuse_replicas(bundle: ModelBundle, most: int) -> None:
    """Terminal when it asks for more pods than the platform engineer allows."""
    if bundle.spec.serving.replicas > most:
        raise Terminal(
            Reason.INVALID_VALUE,
            f"spec.serving.replicas: {bundle.spec.serving.replicas}, and {most} are allowed here"
            " (operator.settings.replicasMax). Ask for fewer, or have the platform engineer raise it; what serves goes"
            " on serving meanwhile.",
        )


def refuse_serving(bundle: ModelBundle) -> None:
    """Terminal when it asks for pods that none can have."""
    for check in SERVING_CHECKS:
        _refuse_unless(check, bundle)


def refuse_env(bundle: ModelBundle, resolution: Resolution) -> None:
    """Terminal when a key of a Secret would take the place of a variable that is part of the digest."""
    _refuse_unless(lambda serving: check_env(serving, resolution.document.get("env", [])), bundle)


def _refuse_unless(check: Callable[[Body], None], bundle: ModelBundle) -> None:
    try:
        check(bundle.spec.serving.model_dump(by_alias=True, exclude_none=True))
    except ValueError as error:
        raise Terminal(Reason.INVALID_VALUE, sentence(str(error))) from None
