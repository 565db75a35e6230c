"""What `modelbundle lock` writes of a bundle that ran: the files that were installed, no others of their version."""

from __future__ import annotations

from pathlib import Path

import yaml

from launch.bundle.manifest import dump
from tests.cluster.bundles import wait_condition, wait_ready
from tests.cluster.index_project import Project, needs_local_index
from tests.cluster.layers import FROM_LAYER, imported_from, installs_of, layer_of, requiring
from tests.cluster.test_family_commands import modelbundle
from tools.testkit.kubectl import apply, condition
from tools.testkit.store import Store

pytestmark = needs_local_index


def test_a_lock_installs_the_files_that_ran_and_refuses_others(
    operator: object, namespace: str, store: Store, project: Project, tmp_path: Path
) -> None:
    bundle = requiring(store, "ran", project.name, {"replicas": 2})
    (tmp_path / "bundle.yaml").write_text(dump(bundle))
    apply(bundle, namespace=namespace)
    listed = wait_ready("ran", namespace, 300)["status"]["requirements"]
    assert (listed["count"], set(listed)) == (1, {"digest", "count", "files"})
    assert installs_of("ran", namespace) == [layer_of("ran", namespace)["digest"]] * 2, "told of a layer too"

    text = modelbundle(namespace, "lock", tmp_path / "bundle.yaml", "--only", "requirements", "--name", "locked")
    locked = yaml.safe_load(text)
    (entry,) = locked["spec"]["bundle"]["requirements"]
    assert entry.startswith(f"{project.name}==1.0 --hash=sha256:")
    apply(locked, namespace=namespace)
    again = wait_ready("locked", namespace, 300)["status"]["requirements"]
    assert again == listed
    assert imported_from("locked", namespace).startswith(FROM_LAYER)

    project.replace()
    refused = {**locked, "metadata": {"name": "refused"}}
    refused["spec"] = {"serving": {}, "bundle": {**locked["spec"]["bundle"], "requirements": [entry, "numpy"]}}
    apply(refused, namespace=namespace)
    found = wait_condition("refused", namespace, "RequirementsReady", "False", "RequirementNotFound")
    said = condition(found, "RequirementsReady")["message"]
    assert f"{project.name}==1.0 is at the index as another file than requirements name" in said
    assert f"the hash there is {entry.rpartition('=')[2]}" in said
