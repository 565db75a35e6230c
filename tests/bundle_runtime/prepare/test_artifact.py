"""prepare end to end on local files: what is in place afterwards, and what is refused."""

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.prepare.__main__ import main
from bundle_runtime.prepare.artifact import prepare
from tools.testkit.artifact_stores import document_for, write_document

PICKLE = b"not a real pickle" * 1000


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".py", content)
    return buffer.getvalue()


def put(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "an artifact with spaces"
    path.write_bytes(content)
    return str(path)


def test_a_pickle_lands_in_its_place_with_the_workers_files(tmp_path, layout):
    prepared = prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE), allow_local=True)
    assert Path(layout.pickle_file).read_bytes() == PICKLE
    assert prepared.bytes == len(PICKLE)
    assert set(prepared.seconds) == {"download", "verify", "unpack"}
    assert (Path(layout.vendor_dir) / "cloudpickle" / "cloudpickle.py").is_file()
    assert not Path(layout.uv).exists()


def test_the_workers_files_import_alone_under_the_layouts_directory(tmp_path, layout):
    prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE), allow_local=True)
    program = "import bundle_runtime.contract.wire, bundle_runtime.contract.document_loader as d; print(d.__file__)"
    environment = {"PATH": os.environ["PATH"]}
    out = subprocess.check_output(
        [sys.executable, "-S", "-c", program], cwd=layout.runtime_dir, env=environment, text=True
    )
    assert out.startswith(layout.runtime_dir)


def test_uv_comes_along_only_with_requirements(tmp_path, layout):
    prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE, requirements=["six"]), allow_local=True)
    assert "uv" in subprocess.check_output([layout.uv, "--version"], text=True)


def test_a_zip_is_unpacked_with_its_files_at_the_root(tmp_path, layout):
    content = zipped(predict="a = 1", package__model="b = 2")
    prepare(layout, put(tmp_path, content), document_for(content, "zip"), allow_local=True)
    assert (Path(layout.artifact_dir) / "predict.py").read_text() == "a = 1"
    assert (Path(layout.artifact_dir) / "package" / "model.py").read_text() == "b = 2"
    assert not (Path(layout.artifact_dir) / "bundle.zip").exists()


def test_files_can_be_read_by_the_worker_who_is_another_user(tmp_path, layout):
    content = zipped(predict="a = 1")
    prepare(layout, put(tmp_path, content), document_for(content, "zip", requirements=["six"]), allow_local=True)
    for path in Path(layout.bundle_dir).rglob("*"):
        needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or path.name == "uv" else 0)
        assert path.stat().st_mode & needed == needed, path


def test_a_disk_that_is_full_in_the_middle_is_said_in_words(tmp_path, layout):
    """A limit on the size of files stands in for the disk: both end a write half-way."""
    content = zipped(predict="a = 1", large="x = '" + "y" * 3_000_000 + "'")
    digest = write_document(layout, document_for(content, "zip"))
    program = (
        "import resource, sys; from bundle_runtime.prepare.__main__ import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)); sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--allow-local", "--uri", put(tmp_path, content)],
        env={**os.environ, "MODELBUNDLE_ROOT": layout.root, "MODELBUNDLE_DIGEST": digest},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "StoreUnreachable: the disk is full below" in done.stderr
    assert "serving.resources.ephemeralStorage" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_system_refuses_is_in_the_report(tmp_path, layout):
    digest = write_document(layout, document_for(PICKLE))
    Path(layout.bundle_dir).parent.mkdir(parents=True, exist_ok=True)
    Path(layout.bundle_dir).write_bytes(b"a file where a directory should be")
    log = tmp_path / "termination-log"
    variables = {"MODELBUNDLE_ROOT": layout.root, "MODELBUNDLE_DIGEST": digest, "MODELBUNDLE_TERMINATION_LOG": str(log)}
    command = [sys.executable, "-m", "bundle_runtime.prepare", "--allow-local", "--uri", put(tmp_path, PICKLE)]
    done = subprocess.run(command, env={**os.environ, **variables}, check=False, capture_output=True)
    assert done.returncode == 1
    report = json.loads(log.read_bytes())
    assert report["reason"] == "RuntimeCrashed"
    assert layout.bundle_dir in report["message"]


def test_another_content_is_refused_before_it_is_unpacked(tmp_path, layout):
    content = zipped(predict="evil")
    with pytest.raises(RuntimeFailure) as failure:
        prepare(layout, put(tmp_path, content), document_for(b"other", "zip"), allow_local=True)
    assert failure.value.reason == "ArtifactDigestMismatch"
    assert "modelbundle pin" in failure.value.message
    assert not Path(layout.artifact_dir).exists()
    assert sorted(path.name for path in Path(layout.bundle_dir).iterdir()) == ["runtime"]


def test_a_second_run_ends_in_the_same_state_and_removes_what_a_cut_off_run_left(tmp_path, layout):
    content, other = zipped(predict="a = 1"), zipped(old="b = 2")
    prepare(layout, put(tmp_path, other), document_for(other, "zip"), allow_local=True)
    (Path(layout.artifact_dir + ".partial")).mkdir()
    (Path(layout.artifact_dir + ".partial") / "bundle.zip").write_bytes(b"half")
    prepare(layout, put(tmp_path, content), document_for(content, "zip"), allow_local=True)
    assert [path.name for path in Path(layout.artifact_dir).iterdir()] == ["predict.py"]
    assert sorted(path.name for path in Path(layout.bundle_dir).iterdir()) == ["artifact", "runtime"]


def test_a_pickle_that_is_already_there_is_hashed_and_not_fetched_again(tmp_path, layout):
    prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE), allow_local=True)
    assert prepare(layout, "s3://gone/gone", document_for(PICKLE)).bytes == len(PICKLE)


def test_a_kept_pickle_that_was_changed_is_fetched_again(tmp_path, layout):
    prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE), allow_local=True)
    Path(layout.pickle_file).write_bytes(b"changed")
    prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE), allow_local=True)
    assert Path(layout.pickle_file).read_bytes() == PICKLE


@pytest.mark.parametrize(
    ("uri", "reason", "said"),
    [
        ("/no/such/file", "ArtifactNotFound", "no file"),
        ("file:///no/such/file", "ArtifactNotFound", "no file"),
        ("ftp://host/file", "InvalidValue", "or https://"),
        ("s3://bucket", "InvalidValue", "s3://BUCKET/KEY"),
        ("s3://bucket/", "InvalidValue", "s3://BUCKET/KEY"),
        ("https://", "InvalidValue", "or https://"),
    ],
)
def test_an_address_that_leads_nowhere(layout, uri, reason, said):
    with pytest.raises(RuntimeFailure) as failure:
        prepare(layout, uri, document_for(PICKLE), allow_local=True)
    assert failure.value.reason == reason
    assert said in failure.value.message


def test_a_pod_reads_no_local_files(tmp_path, layout):
    with pytest.raises(RuntimeFailure, match=r"InvalidValue: .* is a path.* create a corrected one under a new name"):
        prepare(layout, put(tmp_path, PICKLE), document_for(PICKLE))


@pytest.fixture
def pod(tmp_path, layout, monkeypatch):
    monkeypatch.setenv("MODELBUNDLE_ROOT", layout.root)
    monkeypatch.setenv("MODELBUNDLE_TERMINATION_LOG", str(tmp_path / "termination-log"))
    monkeypatch.setenv("MODELBUNDLE_DIGEST", write_document(layout, document_for(PICKLE)))
    return lambda: (tmp_path / "termination-log").read_text()


def test_the_command_reports_bytes_and_seconds(pod, tmp_path, layout: Layout):
    assert main(["--uri", put(tmp_path, PICKLE), "--allow-local"]) == 0
    assert '"reason": "Completed"' in pod()
    assert f'"bytes": {len(PICKLE)}' in pod()


def test_the_command_reports_a_failure_and_ends_with_one(pod):
    assert main(["--uri", "/no/such/file", "--allow-local"]) == 1
    assert '"reason": "ArtifactNotFound"' in pod()


def test_the_command_trusts_no_document_of_another_digest(pod, monkeypatch):
    monkeypatch.setenv("MODELBUNDLE_DIGEST", "sha256:" + "0" * 64)
    assert main(["--uri", "/no/such/file", "--allow-local"]) == 1
    assert '"reason": "BundleDocumentMismatch"' in pod()
