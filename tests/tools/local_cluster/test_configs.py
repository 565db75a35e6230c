"""The settings of the components: those whose absence cost a day."""

import json
import tomllib
from pathlib import Path

import pytest

from tools.local_cluster import configs
from tools.local_cluster.components import CONTROL_PLANE, SERVICES, component, required, services
from tools.local_cluster.place import Place, of_checkout
from tools.local_cluster.plan import Shape, plan

PLACE = of_checkout(Path("/checkout"))
PLAN = plan(3)


def test_containerd_keeps_everything_in_directories_of_this_copy() -> None:
    document = tomllib.loads(configs.containerd(PLACE))
    cri = document["plugins"]["io.containerd.grpc.v1.cri"]
    assert document["root"].startswith(str(PLACE.state))
    assert document["state"].startswith(str(PLACE.run))
    assert cri["restrict_oom_score_adj"] is True
    assert cri["netns_mounts_under_state_dir"] is True
    assert cri["containerd"]["runtimes"]["runc"]["options"]["Root"].startswith(str(PLACE.run))


def test_kubelets_of_two_copies_do_not_share_a_cgroup() -> None:
    other = of_checkout(Path("/other"))
    assert configs.kubelet(PLACE, PLAN)["cgroupRoot"] != configs.kubelet(other, PLAN)["cgroupRoot"]


def test_the_kubelet_takes_cgroup_v1_and_restarts_soon() -> None:
    kubelet = configs.kubelet(PLACE, PLAN)
    assert kubelet["failCgroupV1"] is False
    assert kubelet["crashLoopBackOff"] == {"maxContainerRestartPeriod": "10s"}
    assert kubelet["featureGates"]["KubeletCrashLoopBackOffMax"] is True


def test_kube_proxy_leaves_the_read_only_settings_alone() -> None:
    assert set(configs.proxy(PLACE, PLAN)["conntrack"].values()) == {0, "0s"}


def test_every_json_file_is_json() -> None:
    files = configs.files(PLACE, PLAN)
    for name in ("kubelet.yaml", "proxy.yaml", "audit.yaml", "cni/10-model-bundles.conflist"):
        assert json.loads(files[name])


def test_the_audit_log_has_one_line_per_call() -> None:
    assert configs.audit()["omitStages"] == ["RequestReceived"]


@pytest.mark.parametrize("name", [*CONTROL_PLANE, *SERVICES])
def test_every_component_has_a_command(name: str) -> None:
    made = component(name, PLACE, PLAN, Path("/bin-set"), Path("/wheels"), ("key", "secret"))
    assert made.argv
    assert ("secret" in made.env.values()) == (name == "s3")
    assert not any("secret" in argument for argument in made.argv)  # an argument is for all to see


def test_the_place_of_the_audit_log_is_what_the_server_is_told() -> None:
    place: Place = PLACE
    argv = component("apiserver", place, PLAN, Path("/b"), Path("/w"), ("k", "s")).argv
    assert f"--audit-log-path={place.audit_log}" in argv
    assert "--feature-gates=WatchList=false" in argv  # what the packaged etcd lacks


def test_without_a_node_nothing_runs_a_container_or_serves_one() -> None:
    bare = Shape(node=False)
    assert set(required(bare)) == {"etcd", "apiserver", "controller-manager"}
    assert services(bare) == ()
    argv = component("controller-manager", PLACE, plan(3, bare), Path("/b"), Path(), ("", "")).argv
    assert "--allocate-node-cidrs=false" in argv


def test_services_get_their_addresses_of_the_range_that_was_asked_for() -> None:
    small = plan(3, Shape(service_prefix=22))
    argv = component("apiserver", PLACE, small, Path("/b"), Path("/w"), ("k", "s")).argv
    assert "--service-cluster-ip-range=240.3.0.0/22" in argv


def test_only_beside_a_node_does_it_collect_less_garbage() -> None:
    def environment(shape: Shape) -> dict[str, str]:
        place = plan(3, shape)
        return component("apiserver", PLACE, place, Path("/bin-set"), Path("/wheels"), ("key", "secret")).env

    assert set(environment(Shape())) == {"GOGC", "GOMEMLIMIT"}, "bounded too"
    assert environment(Shape(node=False)) == {}
