"""Bringing the cluster up: from nothing, from half a cluster, or finding that it is up already."""

import json
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tools.local_cluster import (
    cgroups,
    configs,
    debian,
    golang,
    images,
    network,
    objects,
    pki,
    processes,
    slots,
    teardown,
    wheelhouse,
)
from tools.local_cluster.api import Api, node_ready
from tools.local_cluster.components import Component, component, required, services
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.place import NODE_NAME, Place
from tools.local_cluster.plan import USUAL, Plan, Shape
from tools.local_cluster.progress import say, step
from tools.local_cluster.store import locked

_START_DEADLINE = 120.0  # seconds; a busy machine is slow, not broken


def up(place: Place, shape: Shape | None = None) -> None:
    """`shape` None: the one that it has, or else the usual one."""
    if shape is None:
        shape = slots.current(place).shape if place.slot_file.exists() else USUAL
    archives, problems = build() if shape.node else build_programs()
    with locked(place.lock, "another command works on this cluster"):
        if why := _unhealthy(place):
            if teardown.leftovers(place):
                say(f"there is a cluster that cannot go on ({why}): taking it down and starting a new one")
                teardown.remove(place)
            with step("starting the cluster", "20 s" if shape.node else "8 s"):
                _start(place, shape, archives)
        else:
            plan = slots.current(place)
            if plan.shape != shape:
                raise ClusterError(
                    f"the cluster of {place.shown} is up as another one: {plan.shape}, and {shape} is asked for",
                    "take it down first (`python -m tools.local_cluster down`), or name another one (--cluster)",
                )
            say("the cluster is up already")
            for name in services(shape):
                made = _component(place, plan, name)
                if not processes.runs(
                    place, name, made.argv
                ):  # stopped by a test, or it serves an older list of wheels
                    processes.stop(place, name)
                    processes.start(place, name, made.argv, made.env)
                    wait_for_service(place, plan, name)
            images.load_all(place, archives)
    if problems:
        raise ClusterError("the cluster is up, but\n" + "\n".join(problems), "mend it and run the same command again")


def build() -> tuple[dict[images.Image, Path], list[str]]:
    """Everything that is made once per machine, or once per change of the product's source; returns the images'
    archives, and what failed of the latter. Images wait for networks and disks while the programs are compiled."""
    debian.install_missing()
    with ThreadPoolExecutor(max_workers=2) as pool:
        others = pool.submit(images.build_others)
        wheels = pool.submit(wheelhouse.build)
        golang.build_all()
        pause = images.build_pause()
        built, problems = others.result()
        wheels.result()
    return {**pause, **built}, problems


def build_programs() -> tuple[dict[images.Image, Path], list[str]]:
    """What a cluster without a node needs: programs, no images."""
    debian.install_missing(
        {name: debian.NEEDED[name] for name in ("etcd-server", "iproute2", "util-linux", "openssl", "ca-certificates")}
    )
    golang.build_all()
    return {}, []


def down(place: Place) -> None:
    with locked(place.lock, "another command works on this cluster"):
        if not teardown.leftovers(place):
            say("there is no cluster to take down")
            return
        with step("taking the cluster down", "3 s"):
            teardown.remove(place)


def start_component(place: Place, plan: Plan, name: str) -> None:
    made = _component(place, plan, name)
    processes.start(place, name, made.argv, made.env)


def wait_for_service(place: Place, plan: Plan, name: str) -> None:
    """Until the S3 store or the package index takes connections."""
    wait_for_port(place, plan, name, {"s3": configs.S3_PORT, "packages": configs.PACKAGES_PORT}[name])


def wait_for_switched(place: Place, plan: Plan, name: str) -> None:
    """Until what was stopped works again."""
    if name == "apiserver":
        _wait(place, name, Api(place, plan).ready)
    else:
        wait_for_service(place, plan, name)


def wait_for_port(place: Place, plan: Plan, name: str, port: int) -> None:
    """Until a process of the node takes connections; a ClusterError with its last words when it ends."""
    _wait(place, name, lambda: _listens(plan.node_ip, port))


def s3_keys(place: Place) -> tuple[str, str]:
    """Access key and secret key of this cluster's S3 store."""
    file = place.state / "s3-keys.json"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps(["local-cluster", secrets.token_hex(20)]))
        pki.give_to_caller(file)
    access_key, secret_key = json.loads(file.read_text())
    return access_key, secret_key


def _component(place: Place, plan: Plan, name: str) -> Component:
    beside = (wheelhouse.build(), s3_keys(place)) if plan.shape.node else (Path(), ("", ""))
    return component(name, place, plan, golang.bin_directory(), *beside)


def _unhealthy(place: Place) -> str:
    """Why the cluster is not one that goes on as it is; empty when it is healthy."""
    if not place.complete_file.exists():
        return "it never came up whole"
    if slots.planned_otherwise(place):
        return "an older version of this tool gave it its addresses"
    plan = slots.current(place)
    for name in required(plan.shape):
        if processes.pid_of(place, name) is None:
            return f"{name} is not running"
    api = Api(place, plan)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if api.ready() and (not plan.shape.node or node_ready(api.get(f"/api/v1/nodes/{NODE_NAME}"))):
            return ""
        time.sleep(0.5)
    return "the API server or the node is not ready"


def _start(place: Place, shape: Shape, archives: dict[images.Image, Path]) -> None:
    plan = slots.claim(place, shape)
    say(f"addresses {plan.network} (slot {plan.slot}), Services {plan.services}, state in {place.state}")
    for directory in (place.run, place.state / "s3"):
        directory.mkdir(parents=True, exist_ok=True)
    network.create(place, plan)
    if shape.node:
        cgroups.create(place)
    for name, text in configs.files(place, plan).items():
        file = place.config / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    pki.create(place, plan)
    api = Api(place, plan)
    if shape.node:
        _start_with_node(place, plan, api, archives)
    else:
        for name in ("etcd", "apiserver"):
            start_component(place, plan, name)
        _wait(place, "apiserver", api.ready)  # the controller manager would give up on a slow machine
        start_component(place, plan, "controller-manager")
        _wait(place, "controller-manager", lambda: _default_account(api))
    for name in (*required(shape), *services(shape)):
        if processes.pid_of(place, name) is None:
            raise ClusterError(f"{name} ended:\n{processes.log_tail(place, name)}", f"its log: {place.logs / name}.log")
    partial = place.complete_file.with_suffix(".partial")
    partial.touch()
    partial.rename(place.complete_file)
    gpus = f"node {NODE_NAME!r} is ready, with {objects.FAKE_GPUS['nvidia.com/gpu']} fake nvidia.com/gpu"
    say(gpus if shape.node else "the control plane is ready; there is no node")


def _start_with_node(place: Place, plan: Plan, api: Api, archives: dict[images.Image, Path]) -> None:
    for name in ("containerd", "etcd", "apiserver"):
        start_component(place, plan, name)
    _wait(place, "containerd", place.containerd_socket.exists)
    with ThreadPoolExecutor(max_workers=1) as pool:
        loading: Future[None] = pool.submit(images.load_all, place, archives)  # beside the rest: it takes as long
        _wait(place, "apiserver", api.ready)
        for name in ("controller-manager", "scheduler", "kubelet", "proxy", "coredns", *services(plan.shape)):
            start_component(place, plan, name)
        _objects(api, plan)
        _wait(place, "kubelet", lambda: _node_usable(api))
        _wait(place, "controller-manager", lambda: _default_account(api))
        for name in services(plan.shape):
            wait_for_service(place, plan, name)
        loading.result()


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def _objects(api: Api, plan: Plan) -> None:
    api.apply("/api/v1/namespaces", objects.namespace())
    for documents in objects.services(plan):
        for document in documents:
            api.apply(objects.service_path(document), document)


def _node_usable(api: Api) -> bool:
    status, text = api.call("GET", f"/api/v1/nodes/{NODE_NAME}")
    if status != 200 or not node_ready(json.loads(text)):
        return False
    if "nvidia.com/gpu" not in json.loads(text)["status"].get("allocatable", {}):
        api.merge(f"/api/v1/nodes/{NODE_NAME}/status", objects.fake_gpus())
        return False
    return True


def _default_account(api: Api) -> bool:
    """Pods are refused until the controller manager has made the namespace's service account."""
    return api.call("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200


def _wait(place: Place, name: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_DEADLINE
    while not condition():
        log = place.logs / f"{name}.log"
        if processes.ended(place, name):
            raise ClusterError(f"{name} ended:\n{processes.log_tail(place, name)}", f"its whole log: {log}")
        if time.monotonic() > deadline:
            raise ClusterError(f"{name} is not ready after {_START_DEADLINE:.0f} s", f"its log may say why: {log}")
        time.sleep(0.1)
