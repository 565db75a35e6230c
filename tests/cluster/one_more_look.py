"""The end of a scenario: one more reconcile of every bundle of a namespace changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.testkit.kubectl import kubectl, list_all, wait_for


def changes_nothing_more(namespace: str, state: Callable[[str], object]) -> None:
    """The state of the namespace is the same after a look; asked again where something was still on its way, as a
    roll-out that is being told or the pause of a bundle that is tried again."""

    def is_unchanged_by_a_look() -> bool:
        settled = state(namespace)
        kubectl("annotate", "mbun", "--all", "--overwrite", f"looked={time.time():.0f}", namespace=namespace)
        time.sleep(3)
        return state(namespace) == settled

    wait_for("one more reconcile to change nothing", is_unchanged_by_a_look, 120)


def deployments(namespace: str) -> dict[str, str]:
    """The version of each, which any write changes."""
    return {
        each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in list_all("deployments", namespace)
    }
