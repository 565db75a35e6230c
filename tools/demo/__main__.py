"""`make demo`: the quickstart as local processes, then the examples on a real Kubernetes.

Exits with 0 only when everything that it promises ran. CLUSTER=current shows the second half on kubectl's current
context; CLUSTER=none leaves it out.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tools.demo import cluster_half, local_half
from tools.testkit.kubectl import KubectlError
from tools.testkit.place import ROOT, Place, PlaceIncomplete, local_environment
from tools.testkit.screen import paragraph, step


class CannotShow(Exception):
    """One half cannot run here; the text says why and what would give it."""


def main() -> int:
    try:
        local_half.show()
        if os.environ.get("CLUSTER") == "none":
            step("CLUSTER=none: the second half, on a Kubernetes, was left out as asked")
            return 0
        cluster_half.show(_cluster())
    except CannotShow as why:
        step("The second half, on a Kubernetes, could NOT run")
        paragraph(str(why))
        return 1
    except (KubectlError, TimeoutError, RuntimeError) as error:
        step("The demo failed")
        print(error, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        step("Interrupted: run make demo again, it goes on with what is there")
        return 130
    return 0


def _cluster() -> Place:
    """The cluster of CLUSTER, started where it is ours."""
    mode = os.environ.get("CLUSTER", "")
    if mode not in ("", "current"):
        raise CannotShow(f"CLUSTER={mode} is neither current nor none.")
    if mode == "":
        if os.geteuid() != 0:
            raise CannotShow(
                "Starting a Kubernetes on this machine needs root, and this is neither root nor is there sudo. Run"
                " make demo as root, or give it a cluster of yours: CLUSTER=current make demo"
                " (docs/how-to/install.md says what that needs)."
            )
        step("Starting a Kubernetes on this machine (make clean-cluster removes it)")
        if subprocess.run([sys.executable, "-m", "tools.local_cluster", "up"], cwd=ROOT, check=False).returncode:
            raise CannotShow("The local Kubernetes did not start; what it printed above says why and what to do.")
        os.environ.update(local_environment())
    try:
        return Place.from_environment()
    except PlaceIncomplete as error:
        raise CannotShow(f"There is a cluster, but not what stands beside it: {error}.") from error


if __name__ == "__main__":
    sys.exit(main())
