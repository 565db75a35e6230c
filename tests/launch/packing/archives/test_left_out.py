"""What is left out of an archive, packed and said, or asked for: rubbish, secrets, links.

These run under each Python that users have, too: tests/launch/packing/test_pythons.py.
"""

from __future__ import annotations

import os
import re
import zipfile

import pytest

from launch.errors import InvalidBundleError
from launch.packing.archives.archive import archive_to
from tests.launch.packing.archives.making import FUNCTIONS, MODULES, entries, packer, write


@pytest.fixture
def pack(tmp_path):
    return packer(tmp_path)


def test_what_tools_leave_behind_is_left_out(pack):
    rubbish = [".git/config", "a/.git/x", "__pycache__/predict.cpython-311.pyc", "old.pyc", ".venv/bin/python"]
    rubbish += [".DS_Store", "a/.DS_Store", ".mypy_cache/x", ".ipynb_checkpoints/x"]
    done = pack({**MODULES, "a/kept.txt": "", ".hidden": "", **dict.fromkeys(rubbish, "x")})
    assert entries(done) == [".hidden", "a/kept.txt", "model.py", "predict.py"]
    assert done.warnings == []


def test_an_ignore_file_has_the_syntax_of_gitignore(pack):
    ignore = "# ours\n*.csv\n!kept.csv\n/data/\ntests/**/*.txt\n"
    files = {"x.csv": "", "kept.csv": "", "data/a.py": "", "a/data/b.py": "", "tests/x/y.txt": "", "tests/x/y.py": ""}
    done = pack({**MODULES, ".bundleignore": ignore, **files})
    assert entries(done) == ["a/data/b.py", "kept.csv", "model.py", "predict.py", "tests/x/y.py"]


SECRETS = [
    ".ENV.local", ".aws/credentials", ".env", ".git-credentials", ".kube/config", ".netrc", ".pypirc", ".ssh/config",
    "a/.env.prod", "a/.envrc", "b/id_ed25519", "id_rsa", "id_rsa.pub",
]  # fmt: skip


DOUBTFUL = ["a/server.pem", "kubeconfig", "my-Credentials-1.json", "service-account.json", "tls.key"]


def test_secrets_are_left_out_and_said_once(pack):
    files = {"environment.py": "", "env/x": "", "ssh.py": "", **dict.fromkeys(SECRETS, "geheim")}
    done = pack({**MODULES, **files})
    assert entries(done) == ["env/x", "environment.py", "model.py", "predict.py", "ssh.py"]
    (said,) = done.warnings
    assert re.search(r"left out of .*code: \.ENV\.local, \.aws/, \.env, \.git-credentials, \.kube/ and 8 more\.", said)
    assert "!NAME in .bundleignore" in said


def test_what_may_be_a_secret_is_packed_and_said_once(pack):
    done = pack({**MODULES, **dict.fromkeys(DOUBTFUL, "x")})
    assert entries(done) == sorted([*MODULES, *DOUBTFUL])
    (said,) = done.warnings
    assert ", ".join(DOUBTFUL) in said
    assert "name them in .bundleignore" in said


def test_a_line_of_the_ignore_file_asks_for_a_secret_or_says_that_it_is_known(pack):
    ignore = "*.bin\n!.env\n!/.ssh/\n!.aws\n!tls.key\n.netrc\n"
    files = {
        ".env": "",
        "a/.env": "",
        ".ssh/config": "",
        "a/.ssh/config": "",
        "a/.aws/x": "",
        "tls.key": "",
        ".netrc": "",
        "x.bin": "",
    }
    done = pack({**MODULES, ".bundleignore": ignore, "x.pem": "", **files})
    assert entries(done) == [".env", ".ssh/config", "a/.aws/x", "a/.env", "model.py", "predict.py", "tls.key", "x.pem"]
    left_out, packed_with = done.warnings
    assert "code: a/.ssh/. " in left_out
    assert "packed: x.pem. " in packed_with


def test_nothing_but_secrets_is_no_archive(pack):
    with pytest.raises(InvalidBundleError, match=r"has no files to pack.*secrets such as \.env"):
        pack({".env": ""})


def test_a_snapshot_of_the_hugging_face_cache_is_packed_with_its_blobs(tmp_path):
    cached = tmp_path / "hub/models--owner--name"
    write(cached, {"blobs/0a": "weights", "blobs/0b": "{}", "refs/main": "1234"})
    snapshot = cached / "snapshots/1234"
    (snapshot / "onnx").mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/0b")
    (snapshot / "onnx/model.onnx").symlink_to("../../../blobs/0a")
    (snapshot / "elsewhere").symlink_to("../../refs/main")
    code = write(tmp_path / "code", MODULES)
    done = archive_to(tmp_path / "bundle.zip", [code, str(snapshot)], *FUNCTIONS)
    assert entries(done) == ["config.json", "model.py", "onnx/model.onnx", "predict.py"]
    with zipfile.ZipFile(done.packed.path) as opened:
        assert opened.read("onnx/model.onnx") == b"weights"
    (said,) = done.warnings
    assert "1234: elsewhere. Put the files themselves there" in said


def test_links_within_the_base_path_are_followed_to_files_that_may_be_packed(pack, tmp_path):
    write(tmp_path / "code", {"data/a.txt": "a", ".env": "s", ".git/config": "s"})
    for name, target in {"b.txt": "data/a.txt", "c": ".env", "d": ".git/config", "e": "data", "f": "nowhere"}.items():
        (tmp_path / "code" / name).symlink_to(target)
    done = pack(MODULES)
    assert entries(done) == ["b.txt", "data/a.txt", "model.py", "predict.py"]
    assert any("left out of" in said and "c, d, e, f. Put" in said for said in done.warnings)


def test_links_are_left_out_and_said_once(pack, tmp_path):
    write(tmp_path / "elsewhere", {"secret": "s"})
    (tmp_path / "code").mkdir()
    (tmp_path / "code/file").symlink_to(tmp_path / "elsewhere/secret")
    (tmp_path / "code/directory").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "code/pipe")
    done = pack(MODULES)
    assert entries(done) == ["model.py", "predict.py"]
    assert len(done.warnings) == 1
    assert "left out of" in done.warnings[0]
    assert "directory, file, pipe. Put the files themselves there" in done.warnings[0]
