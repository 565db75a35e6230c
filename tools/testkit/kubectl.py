"""kubectl as a function: what the demo and the cluster tests do to a cluster is what a user could type."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, TypeVar

from tools.testkit import reading
from tools.testkit.reading import AskKubectl

Manifest = dict[str, Any]
T = TypeVar("T")

# for kubectl and helm, which end before memory is scarce: a fifth of their time goes by collecting garbage
SHORT_LIVED = {"GOGC": "400"}


class KubectlError(Exception):
    """kubectl said no; the text is what it printed."""


def kubectl(*args: str, namespace: str = "", stdin: str = "", timeout: float = 180) -> str:
    """What kubectl prints on standard output; KubectlError with its standard error when it fails."""
    command = ["kubectl", *(["-n", namespace] if namespace else []), *args]
    try:
        done = subprocess.run(
            command,
            input=stdin or None,
            env={**SHORT_LIVED, **os.environ},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise KubectlError(f"{' '.join(command)}: no answer in {timeout:g} s") from error
    if done.returncode:
        raise KubectlError(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def apply(*manifests: Manifest, namespace: str = "", timeout: float = 180) -> str:
    """`kubectl apply -f -`; JSON is YAML, and JSON has one way to write each value."""
    document = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
    return kubectl("apply", "-f", "-", namespace=namespace, stdin=json.dumps(document), timeout=timeout)


def get(kind: str, name: str, namespace: str = "") -> Manifest | None:
    """The object, or None where there is none: as kubectl prints it, mostly without starting one."""
    try:
        return reading.one(kind, name, namespace)
    except AskKubectl:
        pass
    printed = kubectl("get", kind, name, "-o", "json", "--ignore-not-found", namespace=namespace)
    return json.loads(printed) if printed.strip() else None


def wait_established(*crds: str, timeout: float = 60) -> None:
    """Until the API server serves these CustomResourceDefinitions.

    Not by `kubectl wait`: for a moment a new one has no conditions at all, and that is an error there."""

    def established() -> bool:
        return all(condition(get("crd", name), "Established").get("status") == "True" for name in crds)

    wait_for(f"{', '.join(crds)} to be established", established, timeout)


def list_all(kind: str, namespace: str = "", selector: str = "") -> list[Manifest]:
    """The objects of a kind, or of several (`jobs,pods`): as kubectl prints them, mostly without starting one."""
    try:
        return reading.all_of(kind, namespace, selector)
    except AskKubectl:
        pass
    arguments = ["get", kind, "-o", "json", *(["-l", selector] if selector else [])]
    return list(json.loads(kubectl(*arguments, namespace=namespace))["items"])


def condition(bundle: Manifest | None, kind: str) -> Manifest:
    """The condition of this type; empty where the operator has not written it."""
    conditions = ((bundle or {}).get("status") or {}).get("conditions") or []
    return next((found for found in conditions if found["type"] == kind), {})


def wait_for(what: str, look: Callable[[], T | None], timeout: float, explain: Callable[[], str] | None = None) -> T:
    """The first true value that `look` returns; when time is up, an error that shows how things stand.

    What it meets meanwhile is no end: an object, a field or an answer that is not there yet is looked for again."""
    deadline = time.monotonic() + timeout
    last: object = None
    while time.monotonic() < deadline:
        try:
            found = look()
        except (KubectlError, OSError, HTTPException, LookupError, TypeError, ValueError) as error:
            last = error  # a Service that the node does not know yet refuses or times out
        else:
            if found:
                return found
            last = found
        time.sleep(0.4)
    how_it_stands = f"\n{explain()}" if explain else ""
    raise TimeoutError(f"{what}: not within {timeout:g} s; last seen: {last!r}{how_it_stands}")


def explain_bundle(name: str, namespace: str) -> str:
    """What a user would type to see why a bundle is not where it should be."""
    parts = []
    for title, arguments in {
        "describe mbun": ("describe", "modelbundle", name),
        "pods": ("get", "pods", "-o", "wide", "-l", f"modelbundle.dev/bundle={name}"),
        "events": ("get", "events", "--sort-by=.lastTimestamp"),
        "logs": (
            "logs", "-l", f"modelbundle.dev/bundle={name}", "--all-containers", "--prefix", "--tail=15",
            "--ignore-errors",
        ),
    }.items():  # fmt: skip
        try:
            printed = kubectl(*arguments, namespace=namespace, timeout=20)
        except KubectlError as error:
            printed = str(error)
        parts.append(f"--- {title}\n{printed}")
    return "\n".join(parts)
