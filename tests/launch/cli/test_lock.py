"""`lock` writes what ran into the file, or says what the cluster does not know."""

import hashlib

import pytest

from launch.bundle.content import content_of_fields
from launch.bundle.manifest import dump, parse
from tests.launch.cli.test_digest import manifest, recomputed
from tests.launch.families import ROOT, root

LISTED = ["numpy==2.1.0", "scikit-learn==1.5.2", "scipy==1.14.0"]


@pytest.fixture
def ran(api) -> tuple[str, dict]:
    v1 = root("v1")
    digest = "sha256:" + hashlib.sha256("".join(f"{line}\n" for line in LISTED).encode()).hexdigest()
    v1["status"].update(imageID=f"r/python@sha256:{'d' * 64}", requirements={"digest": digest, "count": 3})
    config = api(v1)
    log = "\n".join([f"installed 3 packages that the image lacks, {digest}", *LISTED])
    api.server.logs = {"pod-old": "installed 0 packages that the image lacks, sha256:0", "pod-new": log}
    return config, v1


def test_lock_writes_what_ran(ran, modelbundle_here, tmp_path):
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    done = modelbundle_here("lock", tmp_path / "v1.yaml", "--name", "v1-locked", KUBECONFIG=ran[0])
    assert done.code == 0, done.err
    (found,) = parse(done.out, "out")
    bundle = found["spec"]["bundle"]
    assert found["metadata"]["name"] == "v1-locked"
    assert bundle["envParams"]["customBaseImage"] == {
        "repository": "r/python",
        "tag": "3.12",
        "digest": "sha256:" + "d" * 64,
    }
    assert bundle["requirements"] == ["scikit-learn==1.5.2", "numpy==2.1.0", "scipy==1.14.0"]
    assert content_of_fields(
        {**bundle, "envParams": ROOT["envParams"], "requirements": ROOT["requirements"]}, found
    ).digest == recomputed(ROOT)


def test_lock_pins_a_clone_in_its_own_fields(ran, modelbundle_here, tmp_path):
    (tmp_path / "v2.yaml").write_text(dump(manifest("v2", cloneFrom={"name": "v1"})))
    done = modelbundle_here("lock", tmp_path / "v2.yaml", "--from", "v1", KUBECONFIG=ran[0])
    assert list(parse(done.out, "out")[0]["spec"]["bundle"]) == ["cloneFrom", "envParams", "requirements"]


def test_lock_says_what_the_cluster_does_not_know(ran, api, modelbundle_here, tmp_path):
    config, v1 = ran
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    (tmp_path / "other.yaml").write_text(dump(manifest(**{**ROOT, "env": []})))

    def refused(file: str) -> str:
        done = modelbundle_here("lock", tmp_path / file, KUBECONFIG=config)
        assert (done.code, done.out) == (1, "")
        return done.err

    assert "what ran there is another bundle" in refused("other.yaml")
    api.server.logs = {}
    assert "no pod of v1 is there whose install log has the list" in refused("v1.yaml")
    del v1["status"]["requirements"]
    assert "status.requirements of v1 is not set" in refused("v1.yaml")
    v1["status"]["imageID"] = "sha256:" + "d" * 64
    assert "names no digest of a registry" in refused("v1.yaml")


FILES = [f"{pinned} --hash=sha256:{at * 64}" for pinned, at in zip(LISTED, "abc", strict=True)]


def digest_of(lines: list[str]) -> str:
    return "sha256:" + hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


@pytest.fixture
def told(ran, api) -> tuple[str, dict]:
    """The log of a pod that says which files it has installed."""
    files = [*FILES[:2], f"{FILES[2]}  # built from source"]
    ran[1]["status"]["requirements"]["files"] = digest_of(files)
    api.server.logs["pod-new"] += "\n" + "\n".join([f"files of these 3 packages, {digest_of(files)}", *files])
    return ran


def test_each_requirement_has_the_hash_of_the_file_that_ran(told, modelbundle_here, tmp_path):
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    done = modelbundle_here("lock", tmp_path / "v1.yaml", "--name", "v1-locked", KUBECONFIG=told[0])
    assert done.code == 0, done.err
    assert parse(done.out, "out")[0]["spec"]["bundle"]["requirements"] == [FILES[1], FILES[0], FILES[2]]
    assert "scipy==1.14.0 was built from source" in done.err


def test_versions_alone_where_hashes_are_not_wanted(told, modelbundle_here, tmp_path):
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    done = modelbundle_here("lock", tmp_path / "v1.yaml", "--no-hashes", KUBECONFIG=told[0])
    assert (done.code, done.err) == (0, "")
    assert "--hash" not in done.out


def test_versions_alone_where_no_file_is_known(ran, modelbundle_here, tmp_path):
    (tmp_path / "v1.yaml").write_text(dump(manifest(**ROOT)))
    done = modelbundle_here("lock", tmp_path / "v1.yaml", KUBECONFIG=ran[0])
    assert done.code == 0
    assert "--hash" not in done.out
    assert "The requirements have no hashes: status.requirements.files is not set" in done.err


@pytest.mark.parametrize(("only", "fields"), [("image", ["envParams"]), ("requirements", ["requirements"])])
def test_one_pin_alone(ran, modelbundle_here, tmp_path, only, fields):
    (tmp_path / "v2.yaml").write_text(dump(manifest("v2", cloneFrom={"name": "v1"})))
    done = modelbundle_here("lock", tmp_path / "v2.yaml", "--from", "v1", "--only", only, KUBECONFIG=ran[0])
    assert list(parse(done.out, "out")[0]["spec"]["bundle"]) == ["cloneFrom", *fields]
