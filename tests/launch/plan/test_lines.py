"""What a plan says of facts: each line's yes, no and what was not looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from launch.doctor.facts import Unknown, no
from launch.plan.lines import LINES, fits, planned
from tests.launch.families import clone, root
from tests.launch.plan.world import SERVING, STARTUP, facts, node, placed, with_status

FORBIDDEN = Unknown("you may not list nodes")
WAITS = "a change of spec.serving waits for it, and the old pods serve on (whenNoCapacity: Wait)"


def line(name: str, **more: Any) -> tuple[str, str]:
    found = planned(facts(**more))[name]
    return found.answer, found.says


def test_where_all_is_well_nothing_says_no_but_for_a_spare_gpu() -> None:
    found = planned(facts())
    assert list(found) == list(LINES)
    assert {name for name, finding in found.items() if finding.answer != "yes"} == {"roll-out"}
    assert fits(found)


def test_what_may_not_be_asked_is_not_looked_at_and_keeps_nothing() -> None:
    names = ("bundles", "settings", "size", "nodes", "pods", "own_pods", "quotas", "deployed")
    hidden: dict[str, Any] = dict.fromkeys(names, FORBIDDEN)
    found = planned(facts(**hidden))
    unknown = {name for name, finding in found.items() if finding.answer == "unknown"}
    assert unknown == {"artifact", "image", "requirements", "precheck", "quota", "node", "roll-out", "start"}
    assert all("not looked at: you may not list nodes" in found[name].says for name in unknown)
    assert fits(found)


def test_of_what_is_refused_nothing_else_is_said() -> None:
    found = planned(replace(facts(), content=None, asked=no("refused: no", "change it")))
    assert {finding.says for name, finding in found.items() if name != "asked"} == {
        "not looked at: what the bundle runs is not known"
    }
    assert not fits(found)


@pytest.mark.parametrize(
    ("size", "answer", "says"),
    [
        (3 * 1024**3, "yes", "s3://models/a.zip: 3 GiB to fetch for each pod"),
        (700, "yes", "s3://models/a.zip: 700 bytes to fetch for each pod"),
        (None, "no", "nothing lies at s3://models/a.zip"),
        (Unknown("only a pod reaches a claim"), "unknown", "s3://models/a.zip: not looked at: only a pod reaches"),
    ],
)
def test_the_artifact_has_a_size(size: Any, answer: str, says: str) -> None:
    found = line("artifact", size=size)
    assert found[0] == answer
    assert found[1].startswith(says)


def test_a_signed_address_is_shown_without_what_signs_it() -> None:
    uri = "https://user:secret@host.example/a.zip?X-Amz-Signature=secret"
    bundle = root("b", artifact={"uri": uri, "sha256": "a" * 64, "packaging": "zip"})
    assert line("artifact", bundle=bundle) == ("yes", "https://host.example/a.zip: 3 GiB to fetch for each pod")


IMAGES = [{"names": ["docker.io/r/python:3.12"], "sizeBytes": 50 * 1024**2}]


def test_an_image_is_on_nodes_or_is_pulled() -> None:
    nodes = [node(), node("n2", images=IMAGES)]
    assert line("image", nodes=nodes) == ("yes", "r/python:3.12: on 1 of 2 nodes (50 MiB)")
    assert line("image")[1] == "r/python:3.12: no node tells that it has it, so it is pulled first"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "pytorch/pytorch:2.3"),
        ({"PYTORCH_REPOSITORY": "own/torch", "IMAGE_MIRROR": "mirror.local/hub"}, "mirror.local/hub/own/torch:2.3"),
        (FORBIDDEN, "pytorch/pytorch:2.3 (or as the operator's settings say, which are not known)"),
    ],
)
def test_the_operator_says_which_image_a_tag_is_of(settings: Any, name: str) -> None:
    bundle = root("b", envParams={"frameworkType": "pytorch", "pytorchImageTag": "2.3"})
    assert line("image", bundle=bundle, settings=settings)[1].startswith(f"{name}: no node")
    other = with_status(root("c", envParams=bundle["spec"]["bundle"]["envParams"]), image="what/ran:2.3")
    assert line("image", bundle=bundle, settings=settings, bundles=[other])[1].startswith("what/ran:2.3: ")


CHECKED = "sha256:" + "c" * 64


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"serving": {"gpu": {"count": 0}}}, "as it asks for no GPU"),
        ({"settings": {"PRECHECK": "false"}}, "operator.settings.precheck is false"),
        ({"deployed": True}, "as it has had pods before"),
        ({"live": with_status(root("sentiment"), checked=CHECKED)}, "passed with this very bundle"),
        ({"bundles": [with_status(root("other"), checked=CHECKED)]}, "passed with the bundle other"),
        ({"bundles": [root("other")]}, "a Job without a GPU tries artifact, image and requirements first"),
        ({"bundles": [with_status(root("o", requirements=["x"]), checked=CHECKED)]}, "a Job without a GPU tries"),
        ({"bundles": [with_status(root("o", requirements=["x"]), startup={"check": 12})]}, "such Jobs took 12 s here"),
    ],
)
def test_whether_it_is_tried_without_a_gpu_first(more: dict[str, Any], says: str) -> None:
    answer, said = line("precheck", **more)
    assert answer == "yes"
    assert says in said


def test_a_clone_with_the_same_artifact_is_not_tried_again() -> None:
    base = with_status(root("sentiment-v1"), checked=CHECKED)
    made = clone(root("sentiment-v1"), "sentiment-v2", appConfig={"mode": "other"})
    assert "passed with the bundle sentiment-v1" in line("precheck", bundle=made, bundles=[base])[1]


def test_requirements_have_been_installed_before_or_not() -> None:
    assert line("requirements", bundle=root("b", requirements=[]))[1] == "none are listed"
    assert "2 requirements: no bundle of this namespace has had them" in line("requirements")[1]
    before = with_status(root("other"), requirements={"count": 5})
    assert "with other they were 5 packages that the image lacks" in line("requirements", bundles=[before])[1]
    before["status"]["requirements"]["fromSource"] = ["docopt==0.6.2", "own==1.0"]
    assert "lacks, of which docopt==0.6.2, own==1.0 built from source" in line("requirements", bundles=[before])[1]


def test_a_node_has_room() -> None:
    answer, says = line("node")
    assert answer == "yes"
    assert says == "a pod asks for 1 nvidia.com/gpu, 0.3 cpu, 640Mi memory; there is room on 1 of 1 node (n1)"


def test_no_node_has_room_and_the_rest_is_named() -> None:
    answer, says = line("node", pods=[placed()], serving={**SERVING, "affinity": {"nodeAffinity": {}}})
    assert answer == "no"
    assert "no node has room: 1 node: 0 of 1 nvidia.com/gpu free, 1 needed; not looked at: affinity" in says
    assert line("node", serving={**SERVING, "replicas": 2})[1].count("there is room for 1 of 2") == 1


def test_where_not_all_is_known_room_is_not_promised_and_a_taint_is_no_end() -> None:
    answer, says = line("node", pods=Unknown("you may not list the pods of all namespaces"))
    assert answer == "unknown"
    assert "what runs on the nodes already (you may not list the pods of all namespaces)" in says
    tainted = {**node(), "spec": {"taints": [{"key": "models", "effect": "NoSchedule"}]}}
    assert line("node", nodes=[tainted])[0] == "no"
    assert line("node", nodes=[tainted], settings=FORBIDDEN)[0] == "unknown"
    everywhere = {"POD_TOLERATIONS": '[{"key": "models", "operator": "Exists"}]'}
    assert line("node", nodes=[tainted], settings=everywhere)[0] == "yes"


def test_what_has_its_nodes_needs_no_other() -> None:
    assert line("node", own_pods=[placed()], pods=[placed()])[1].startswith("the pod of it has a node")
    assert line("node", own_pods=[placed(kind="Job")], pods=[placed()])[0] == "no"


@pytest.mark.parametrize(
    ("more", "answer", "says"),
    [
        ({"nodes": [node(gpus="2")]}, "yes", "there is room for one pod more"),
        ({}, "no", f"there is no room for one pod more: {WAITS}"),
        ({"serving": {**SERVING, "rollout": {"whenNoCapacity": "Replace"}}}, "yes", "an old pod goes first"),
        ({"nodes": FORBIDDEN}, "unknown", f"you may not list nodes; without it {WAITS}"),
    ],
)
def test_a_roll_out_finds_room_or_does_not(more: dict[str, Any], answer: str, says: str) -> None:
    found = line("roll-out", **{"own_pods": [placed()], "pods": [placed()], **more})
    assert found[0] == answer
    assert says in found[1]


def started(bundle: dict[str, Any], **startup: float) -> dict[str, Any]:
    return with_status(bundle, startup={**STARTUP, **startup})


OTHER_IMAGE = {"frameworkType": "pytorch", "pytorchImageTag": "2.3"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "not known: nothing of its family or with its image has started"),
        ({"live": started(root("sentiment"))}, "about 20 s from a pod's creation, as its own last start, the longest"),
        ({"bundles": [started(root("other"))]}, "as other with its image and requirements, the longest part load"),
        ({"bundles": [started(root("other", requirements=["x"]))]}, "as other with its image, the longest part load"),
        ({"bundles": [started(root("a", envParams=OTHER_IMAGE))]}, "not known"),
        ({"bundles": [started(root("a")), started(root("b"), ready=40), started(root("c"), ready=90)]},
         "about 40 s from a pod's creation: 3 bundles with its image and requirements took 20 to 90 s"),
    ],
)  # fmt: skip
def test_the_start_is_expected_by_the_nearest_that_there_was(more: dict[str, Any], says: str) -> None:
    assert says in line("start", **more)[1]


def test_the_family_goes_before_the_image() -> None:
    base = root("sentiment-v1")
    made = clone(base, "sentiment-v2")
    others = [started(base, ready=30), started(root("other"))]
    assert "about 30 s" in line("start", bundle=made, bundles=others)[1]
    assert "as sentiment-v1 of its family" in line("start", bundle=made, bundles=others)[1]
