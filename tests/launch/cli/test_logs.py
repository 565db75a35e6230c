"""`logs` prints what a bundle's own containers wrote, and with --build what the Job wrote for which it waits."""

from typing import Any

import pytest

from tests.launch.families import root

JOB = "modelbundle-precheck-0123456789abcdef"
WAITS = f"0 of 1 pod answers: the requirements are installed once, by the Job {JOB}: it creates its pod."
Body = dict[str, Any]


def waiting(message: str = WAITS) -> Body:
    v1 = root("v1")
    ready = {"type": "Ready", "status": "Unknown", "reason": "Progressing", "message": message}
    v1["status"].update(conditions=[ready], observedGeneration=v1["metadata"].get("generation", 0))
    return v1


def pod(name: str, bundle: str, containers: dict[str, str], job: str = "", created: str = "2026-01-01") -> Body:
    """`containers` by name, with the state of each."""
    labels = {"modelbundle.dev/bundle": bundle, **({"batch.kubernetes.io/job-name": job} if job else {})}
    return {
        "metadata": {"name": name, "labels": labels, "creationTimestamp": created},
        "spec": {"containers": [{"name": each} for each in containers]},
        "status": {
            "phase": "Succeeded",
            "containerStatuses": [{"name": each, "state": {state: {}}} for each, state in containers.items()],
        },
    }


INSTALLS = {"prepare": "terminated", "install": "running", "store": "waiting"}


@pytest.mark.parametrize("more", [[], ["-f"]], ids=["now", "followed"])
@pytest.mark.parametrize("whose", ["v1", "another"])
def test_the_log_of_the_job_for_which_it_waits_whoever_has_made_it(api, modelbundle_here, whose, more):
    config = api(waiting())
    api.server.pods = [
        pod("old", whose, {"prepare": "terminated"}, JOB, "2025-12-31"),
        pod("new", whose, INSTALLS, JOB),
        pod("other", whose, {"prepare": "terminated"}, f"{JOB[:-1]}0"),
    ]
    api.server.logs = {"new/prepare": "prepared 9 bytes\n", "new/install": "Resolved 2\nDownloading\n", "old": "no\n"}
    done = modelbundle_here("logs", "v1", "--build", *more, KUBECONFIG=config)
    assert done.code == 0, done.err
    assert done.out.splitlines() == ["prepare: prepared 9 bytes", "install: Resolved 2", "install: Downloading"]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("Resolved 2\nBuilding \x1b[2Jdocopt==0.6.2\n", "install: Building [2Jdocopt==0.6.2"),
        ("x" * 500, f"install: {'x' * 200}..."),
        ("\n", "install"),
    ],
)
def test_describe_has_its_last_line(api, modelbundle_here, log, said):
    config = api(waiting())
    api.server.pods = [pod("new", "another", INSTALLS, JOB)]
    api.server.logs = {"new/prepare": "prepared 9 bytes\n", "new/install": log}
    done = modelbundle_here("describe", "v1", KUBECONFIG=config)
    assert done.code == 0, done.err
    (line,) = [line for line in done.out.splitlines() if line.startswith("Building:")]
    assert line.split(maxsplit=1)[1] == said


def test_describe_does_without_it_where_there_is_no_pod(api, modelbundle_here):
    config = api(waiting())
    done = modelbundle_here("describe", "v1", KUBECONFIG=config)
    assert done.code == 0, done.err
    assert "Building:" not in done.out


def test_a_job_that_fails_is_found_by_its_pod(api, modelbundle_here):
    config = api(waiting("install says: no such project"))
    api.server.pods = [pod("one", "v1", INSTALLS, JOB)]
    api.server.logs = {"one/install": "no such project\n"}
    done = modelbundle_here("logs", "v1", "--build", KUBECONFIG=config)
    assert (done.code, done.out) == (0, "install: no such project\n")


def test_where_it_waits_for_none_it_says_where_to_look(api, modelbundle_here):
    config = api(waiting("1 of 1 replica answers."))
    api.server.pods = [pod("one", "v1", {"worker": "running"})]
    done = modelbundle_here("logs", "v1", "--build", KUBECONFIG=config)
    assert (done.code, done.out) == (1, "")
    assert "v1 waits for no Job" in done.err
    assert "modelbundle logs v1 -c install" in done.err


def test_the_pod_of_a_job_has_no_worker_and_is_left_out(api, modelbundle_here):
    config = api(waiting())
    api.server.pods = [pod("job", "v1", INSTALLS, JOB), pod("serves", "v1", {"worker": "running"})]
    api.server.logs = {"serves/worker": "loaded\n"}
    done = modelbundle_here("logs", "v1", KUBECONFIG=config)
    assert (done.code, done.out) == (0, "loaded\n")
