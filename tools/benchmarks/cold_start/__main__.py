"""`make bench-cold-start`: bundles, a bare pod and KServe's shape made by hand, started in turns on a real cluster.

Writes tools/benchmarks/results/cold-start.md and cold-start.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.benchmarks.cold_start import before
from tools.benchmarks.cold_start.contents import Content, contents, turns
from tools.benchmarks.cold_start.page import page
from tools.benchmarks.cold_start.pods import watched
from tools.benchmarks.cold_start.rounds import PREFIX, Site, one_round, put_weights
from tools.benchmarks.cold_start.wheels import Index, index
from tools.benchmarks.harness.results import RESULTS, machine, publish
from tools.local_cluster import versions
from tools.local_cluster.store import root
from tools.testkit.install import install, install_with, values
from tools.testkit.kubectl import apply, kubectl, wait_for
from tools.testkit.place import ROOT, Place, local_environment
from tools.testkit.store import Store

ROUNDS, LARGE_ROUNDS, MINUTES, LARGE_MIB = 10, 3, 35.0, 1024
NAMESPACE, NAMESPACE_BEFORE = "bench-cold-start", "bench-cold-start-before"
DRAIN_SECONDS = 1  # nobody asks what is removed
MIB = 1 << 20


def main() -> int:
    began = time.monotonic()
    options = _parser().parse_args()
    load = os.getloadavg()[0]
    if subprocess.run([sys.executable, "-m", "tools.local_cluster", "up"], cwd=ROOT, check=False).returncode:
        return 1
    os.environ.update(local_environment())
    place = Place.from_environment()
    result: dict[str, Any] = {
        "loadBefore": load,
        "versions": {**machine(), "kubernetes": versions.KUBERNETES},
        "largeMib": options.mib,
        "runs": [],
    }
    wanted = [each for each in contents(options.mib) if not options.only or each.section in options.only]
    with _site(place, wanted, options, result) as site:
        result["setUpSeconds"] = time.monotonic() - began
        took: dict[str, float] = {}
        for content, number in turns(wanted, options.rounds, options.large_rounds):
            at = time.monotonic()
            if at - began + took.get(content.section, 0) > 60 * options.minutes:
                continue
            for run in one_round(site, content, number):
                print(json.dumps({"at": round(time.monotonic() - began), **run}), file=sys.stderr, flush=True)
                result["runs"].append(run)
            took[content.section] = time.monotonic() - at
    result["seconds"] = time.monotonic() - began
    publish("cold-start", result, page, options.to)
    return 0


@contextmanager
def _site(place: Place, wanted: list[Content], options: argparse.Namespace, result: dict[str, Any]) -> Iterator[Site]:
    """All that is beside the pods, and what the page says of it; nothing of it is left."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-cold-start-", dir=root())))
        found = stack.enter_context(index(str(urlsplit(place.s3_endpoint).hostname), options.mib))
        namespaces = (NAMESPACE, NAMESPACE_BEFORE) if options.before else (NAMESPACE,)
        stack.callback(install, place)  # as it was
        for each in namespaces:
            _make_namespace(place, each)
            stack.callback(kubectl, "delete", "namespace", each, "--wait=false")
        ours = values(place, {"packageIndex": found.url, "drainSeconds": DRAIN_SECONDS})
        ours["operator"]["watchNamespaces"] = [NAMESPACE] if options.before else []
        install_with(place, ours)
        if options.before:
            result["before"] = before.commit(options.before)
            stack.enter_context(before.installed(options.before, NAMESPACE_BEFORE, found.url, DRAIN_SECONDS))
        store = Store(place)
        stack.callback(store.delete_below, f"{PREFIX}/")
        weights = {each.weights_mib: put_weights(store, each, scratch) for each in wanted if each.weights_mib}
        result["lists"] = {each.section: _list_of(each, found) for each in wanted}
        result["bandwidth"] = {"index": found.bandwidth(), "store": _store_bandwidth(store)}
        watch = stack.enter_context(watched())
        yield Site(store, NAMESPACE, found.url, watch, weights, NAMESPACE_BEFORE if options.before else "")


def _list_of(content: Content, found: Index) -> dict[str, Any]:
    """What the page says of a content; the bytes are of the wheels that it names, without what these need."""
    names = [line.partition("==")[0] for line in content.lines]
    return {"name": content.name, "lines": list(content.lines), "bytes": found.bytes_of(names)}


def _store_bandwidth(store: Store) -> float:
    """Bytes a second that one boto3 client gets of an object of 64 MiB."""
    key = f"{PREFIX}/bandwidth"
    store.put(key, os.urandom(64 * MIB))
    began = time.monotonic()
    return len(store.read(key)) / (time.monotonic() - began)


def _make_namespace(place: Place, name: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    wait_for("the namespace of before to go", lambda: _is_gone(name), 120)
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    wait_for("the service account", lambda: kubectl("get", "serviceaccount", "default", namespace=name), 180)
    apply(place.secret(), namespace=name)


def _is_gone(namespace: str) -> bool:
    """Also what an interrupted run left."""
    return "Terminating" not in kubectl("get", "namespace", namespace, "--ignore-not-found")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.cold_start", description=__doc__)
    add = parser.add_argument
    add("--rounds", type=int, default=ROUNDS, help=f"how often each is started, by default {ROUNDS}")
    add("--large-rounds", type=int, default=LARGE_ROUNDS, help=f"of the large ones, by default {LARGE_ROUNDS}")
    add("--minutes", type=float, default=MINUTES, help=f"no round is begun that ends later, by default {MINUTES:g}")
    add("--mib", type=int, default=LARGE_MIB, help=f"of the large wheels and weights, by default {LARGE_MIB}")
    sections = "nothing, libraries, wheels or weights; may be given more than once"
    add("--only", action="append", choices=("nothing", "libraries", "wheels", "weights"), help=sections)
    add("--before", type=Path, help="another checkout of the project, whose operator runs beside this one's")
    add("--to", type=Path, default=RESULTS, help="where the result goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
