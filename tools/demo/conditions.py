"""Conditions as they change, one line each, by a watch: `kubectl get --watch` without its repetitions."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tools.testkit.kubectl import Manifest
from tools.testkit.screen import line

Key = tuple[str, str]


class ConditionLog:
    """Prints a line for each change of a condition of the namespace's bundles, with the seconds since it began."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._seen: dict[Key, tuple[str, str]] = {}
        self._bundles: dict[str, Manifest] = {}
        self._changed = threading.Condition()
        self._ended = False
        self.started = time.monotonic()

    def wait(self, what: str, done: Callable[[dict[str, Manifest]], bool], timeout: float) -> float:
        """Seconds until `done` says so of the bundles by name."""
        started = time.monotonic()
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended or done(self._bundles), timeout):
                raise TimeoutError(f"{what}: not within {timeout:g} s")
            if not done(self._bundles):
                raise RuntimeError(f"{what}: kubectl ended its watch before that, and said why above")
        return time.monotonic() - started

    def ended(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def bundle(self, name: str) -> Manifest:
        with self._changed:
            return self._bundles[name]

    def saw(self, bundle: Manifest) -> None:
        name = bundle["metadata"]["name"]
        for condition in (bundle.get("status") or {}).get("conditions") or []:
            key, now = (name, condition["type"]), (condition["status"], condition["reason"])
            if self._seen.get(key) != now:
                self._seen[key] = now
                self._print(name, condition)
        with self._changed:
            self._bundles[name] = bundle
            self._changed.notify_all()

    def _print(self, name: str, condition: dict[str, Any]) -> None:
        seconds = time.monotonic() - self.started
        message = " ".join(condition.get("message", "").split())
        shown = message if len(message) <= 80 else message[:77] + "..."
        state = f"{condition['type']}={condition['status']}"
        line(f"{seconds:5.1f} s  {name:20} {state:26} {condition['reason']:22} {shown}")


@contextmanager
def following(namespace: str) -> Iterator[ConditionLog]:
    """Follows the namespace's bundles in the background."""
    log = ConditionLog(namespace)
    command = ["kubectl", "get", "modelbundles", "-n", namespace, "--watch", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        thread = threading.Thread(target=_read, args=(watch, log), daemon=True)
        thread.start()
        try:
            yield log
        finally:
            watch.terminate()
            thread.join(5)


def _read(watch: subprocess.Popen[str], log: ConditionLog) -> None:
    """kubectl prints one indented JSON object after another; a line `}` without indentation ends each."""
    assert watch.stdout is not None
    lines: list[str] = []
    for text in watch.stdout:
        lines.append(text)
        if text.rstrip("\n") == "}":
            found = json.loads("".join(lines))
            lines.clear()
            for bundle in found["items"] if found["kind"] == "List" else [found]:
                log.saw(bundle)
    log.ended()
