"""ArtifactVerified and RequirementsReady: from the init container's own report only.

RequirementsReady also says where the requirements are from: a layer, or why there is none.
"""

from collections.abc import Callable, Sequence

from bundle_runtime.contract.layer import MISMATCH
from modelbundle_operator.api.names import Condition, ConditionType, Reason
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.evidence import Check, Evidence
from modelbundle_operator.judge.layers import digest_of, not_used
from modelbundle_operator.judge.observation import INSTALL, PREPARE, Observation, Pod
from modelbundle_operator.judge.reports import BY_INSTALL, BY_PREPARE, Report
from modelbundle_operator.judge.sources import built_words, files_and_sources

_PASSED = (Reason.COMPLETED, Reason.LAYER_MISMATCH)
_INSTALLED = "install put what the image lacked in place"


def reported(
    condition: ConditionType,
    container: str,
    reasons: frozenset[Reason],
    stored: str,
    done: Callable[[Observation], tuple[Reason, str]],
) -> Check:
    """The check that asks what an init container said; `stored` and `done` are its words for no pod and for success."""

    def check(known: Evidence) -> Verdict:
        if not known.seen.wanted:
            return Verdict(condition, "Unknown", Reason.STORED, stored)
        passed = any(completed(pod, container) for pod in known.seen.pods)
        failed = known.failure
        # what has passed in another pod is good: the trouble is the store's, or the index's
        if failed is not None and failed.container == container and failed.reason in reasons and not passed:
            return Verdict(condition, "False", failed.reason, failed.message)
        if passed or _said_before(known.seen, condition) is not None:
            return Verdict(condition, "True", *done(known.seen))
        return Verdict(condition, "Unknown", Reason.PROGRESSING, f"{container} has not reported yet.")

    return check


def has_no_requirements(known: Evidence) -> Verdict | None:
    """There is nothing to install."""
    if known.seen.has_requirements:
        return None
    text = "The bundle lists no requirements."
    return Verdict(ConditionType.REQUIREMENTS_READY, "True", Reason.NO_REQUIREMENTS, text)


def installed_words(seen: Observation) -> tuple[Reason, str]:
    """Where the requirements are from and what of them was built, by the newest pod that has them; the same as before
    while no pod tells. The reason is another one where install had a layer that was made for another image."""
    pod = max((pod for pod in seen.pods if completed(pod, INSTALL)), key=_age, default=None)
    reports = [_report(pod, name) for name in (INSTALL, PREPARE)] if pod is not None else []
    built = built_words(_built(seen, reports))
    words = _where_from(seen, pod, reports)
    return _reason(seen, reports), words if not built or built in words else f"{words} {built}"


def _reason(seen: Observation, reports: list[Report | None]) -> Reason:
    if not reports:
        before = _said_before(seen, ConditionType.REQUIREMENTS_READY)
        return Reason(before.reason) if before is not None else Reason.COMPLETED
    unfit = not_used(reports[0])
    return Reason.LAYER_MISMATCH if unfit is not None and unfit.why == MISMATCH else Reason.COMPLETED


def _built(seen: Observation, reports: list[Report | None]) -> Sequence[str]:
    kept = seen.previous.requirements
    return files_and_sources(reports[0])[1] if reports else (kept.from_source if kept is not None else None) or ()


def _where_from(seen: Observation, pod: Pod | None, reports: list[Report | None]) -> str:
    if digest := next(filter(None, map(digest_of, reports)), ""):
        return f"The layer {digest} has what the image lacked; install had nothing to put in place."
    if said := next((said for report in reports if (said := not_used(report)) is not None), None):
        return f"{_INSTALLED}, as the layer was not used ({said.why}): {said.words}."
    if why := seen.layer.message if seen.layer is not None else seen.no_layer:
        return f"{_INSTALLED}; each pod installs itself, as there is no layer: {why}."
    before = _said_before(seen, ConditionType.REQUIREMENTS_READY) if pod is None else None
    return before.message if before is not None else f"{_INSTALLED}."


def completed(pod: Pod, name: str) -> bool:
    """Whether an init container reported success. An exit code alone is not a report: the message has to say it."""
    report = _report(pod, name)
    return report is not None and report.reason == Reason.COMPLETED


def _report(pod: Pod, name: str) -> Report | None:
    container = pod.containers.get(name)
    return None if container is None or container.completed is None else container.completed.report


def _age(pod: Pod) -> tuple[str, str]:
    return (pod.created.isoformat() if pod.created is not None else "", pod.name)


def _said_before(seen: Observation, condition: ConditionType) -> Condition | None:
    """A bundle's content never changes, so what was proved of it stays proved while pods come and go."""
    for before in seen.previous.conditions or []:
        if before.type == condition and before.status == "True" and before.reason in _PASSED:
            return before
    return None


ARTIFACT: tuple[Check, ...] = (
    reported(
        ConditionType.ARTIFACT_VERIFIED,
        PREPARE,
        BY_PREPARE,
        stored="No pod has fetched the artifact since the bundle is stored only.",
        done=lambda _: (Reason.COMPLETED, "prepare fetched the artifact and its sha256 is the one in the spec."),
    ),
)
REQUIREMENTS: tuple[Check, ...] = (
    has_no_requirements,
    reported(
        ConditionType.REQUIREMENTS_READY,
        INSTALL,
        BY_INSTALL,
        stored="Requirements are installed when a pod starts.",
        done=installed_words,
    ),
)
