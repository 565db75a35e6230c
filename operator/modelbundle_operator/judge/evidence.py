"""What is concluded from an observation once, for all checks of all conditions."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from modelbundle_operator.api.names import Reason
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.judge.failures import Failure, failure
from modelbundle_operator.judge.giving_back import kept_failure
from modelbundle_operator.judge.observation import INSTALL, WORKER, Observation, Pod
from modelbundle_operator.judge.reports import whole_number
from modelbundle_operator.judge.sources import files_and_sources


@dataclass(frozen=True)
class Run:
    """What ran in a pod, as far as it is known: the worker's image, the digest and length of what was installed, the
    digest of the files that it was installed from, and what was built."""

    image_id: str = ""
    requirements: str = ""
    count: int | None = None
    files: str = ""
    from_source: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """An observation, the failure behind it, and what the bundle first ran."""

    seen: Observation
    failure: Failure | None
    first_run: Run


# one question of a condition's table (checks.py)
Check = Callable[[Evidence], Verdict | None]


def gather(seen: Observation) -> Evidence:
    """The evidence of an observation."""
    return Evidence(seen, failure(seen) or kept_failure(seen), first_run(seen))


def run_from_pod(pod: Pod) -> Run:
    """The worker's image as the kubelet pulled it, and what install says that it installed."""
    worker, install = pod.containers.get(WORKER), pod.containers.get(INSTALL)
    report = install.completed.report if install is not None and install.completed is not None else None
    more = report.more if report is not None and report.reason == Reason.COMPLETED else {}
    digest = more.get("requirementsDigest")
    return Run(
        worker.image_id[:1024] if worker is not None else "",
        digest if isinstance(digest, str) and len(digest) <= 71 else "",
        whole_number(more.get("count")),
        *files_and_sources(report),
    )


def first_run(seen: Observation) -> Run:
    """What was written down; before that, the run of the pod that answered first."""
    kept, first = seen.previous, seen.first_ready
    now = run_from_pod(first) if first is not None else Run()
    listed = kept.requirements
    if listed is None or not listed.digest:
        return replace(now, image_id=kept.image_id or now.image_id)
    files, built = listed.files or "", tuple(listed.from_source or ())
    if not files and now.requirements == listed.digest:  # a status from before files were told
        files, built = now.files, now.from_source
    return Run(kept.image_id or now.image_id, listed.digest, listed.count, files, built)
