"""What became of the container `store` of a Job, which packs what install has put in place and uploads it.

Pure. Only its own termination message is believed, and of that only what can be: the address is the one that follows
from the artifact's. However it ends, it ends: what it lacks is a layer, and each pod then installs itself.
"""

from dataclasses import dataclass
from datetime import datetime

from bundle_runtime.contract.layer import LayerReference, layer_reference, layer_uri
from modelbundle_operator.api.names import Reason
from modelbundle_operator.api.times import seconds_between
from modelbundle_operator.judge.observation import INSTALL, STORE, Container, Ended, Pod
from modelbundle_operator.judge.others import not_started
from modelbundle_operator.judge.reports import Report, brief, quoted

# it gives up itself after five minutes
PACKING_SECONDS = 420.0


@dataclass(frozen=True)
class Packed:
    """How it ended and when: with a layer, or in words without one."""

    at: datetime | None
    report: Report | None = None
    words: str = ""


def installed(pod: Pod) -> Ended | None:
    """The end of install, where it went well."""
    install = pod.containers.get(INSTALL)
    return install.completed if install is not None else None


def packed(pod: Pod, now: datetime) -> Packed | None:
    """None while it may still end well, and before it begins."""
    install, store = installed(pod), pod.containers.get(STORE)
    if install is None:
        return None
    ended = store.newest_end if store is not None else None
    if ended is not None and ended.exit_code == 0:
        return Packed(ended.finished, ended.report, "container store has ended without a report")
    if pod.evicted:
        return Packed(install.finished, words=f"the pod that packed it was evicted: {quoted(pod.evicted)}")
    if store is not None and ended is not None:
        return Packed(ended.finished, words=_bad_end(store, ended))
    if store is not None and (why := not_started(store)):
        return Packed(install.finished, words=f"container store cannot be started: {why}")
    if (seconds_between(install.finished, now) or 0.0) >= PACKING_SECONDS:
        return Packed(install.finished, words=f"container store had not ended after {PACKING_SECONDS:.0f} s")
    return None


def packing_due(pod: Pod, now: datetime) -> float | None:
    """Seconds until it is given up."""
    install = installed(pod)
    waited = seconds_between(install.finished, now) if install is not None else None
    return None if waited is None or packed(pod, now) is not None else PACKING_SECONDS - waited + 1.0


def outcome(end: Packed, artifact_uri: str) -> LayerReference | str:
    """The layer that there is by this end, or why there is none."""
    report = end.report
    if report is None or report.reason != Reason.COMPLETED:
        return brief(end.words)
    found = layer_reference(report.more.get("layer"))
    if found is not None and found.uri == layer_uri(artifact_uri, found.sha256):
        return found
    words = report.more.get("noLayer")
    return brief(words if isinstance(words, str) and words else "what container store reports is not a layer")


def _bad_end(store: Container, ended: Ended) -> str:
    if ended.reason == "OOMKilled":
        limit = f" (its limit is {store.memory_limit})" if store.memory_limit else ""
        return f"container store ran out of memory{limit}: raise serving.prepareResources.memory"
    why = "" if ended.reason in ("", "Error", "Completed") else f" ({quoted(ended.reason)})"
    return f"container store ended with exit code {ended.exit_code}{why}"
