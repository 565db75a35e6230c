"""What the server shares with the worker, and what not: one version of the runtime, one socket."""

from __future__ import annotations

from typing import Any

from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import desired
from modelbundle_operator.settings import Settings

from bundle_runtime.contract.layout import Layout
from tools.testkit.model_bundles import model_bundle


def containers() -> dict[str, dict[str, Any]]:
    bundle = parse(model_bundle(requirements=["numpy"]))
    made = desired(bundle, resolve(bundle), Settings(runtime_image="registry.local/runtime:1.0"), None)
    pod = made.deployment["spec"]["template"]["spec"]
    return {found["name"]: found for found in [*pod["initContainers"], *pod["containers"]]}


def volume_of(path: str, container: dict[str, Any]) -> str:
    mounts = sorted(container["volumeMounts"], key=lambda mount: len(mount["mountPath"]), reverse=True)
    return str(next(mount["name"] for mount in mounts if path.startswith(mount["mountPath"] + "/")))


def test_the_workers_code_comes_from_the_servers_image() -> None:
    found = containers()
    assert found["prepare"]["image"] == found["server"]["image"] == "registry.local/runtime:1.0"


def test_the_worker_has_the_workers_socket_and_not_that_of_the_prestop() -> None:
    found = containers()
    layout = Layout()
    assert volume_of(layout.worker_socket, found["server"]) == volume_of(layout.worker_socket, found["worker"])
    own = volume_of(layout.drain_socket, found["server"])
    for name in ("worker", "install"):
        assert own not in {mount["name"] for mount in found[name]["volumeMounts"]}
