"""An artifact on a mounted claim: copied and hashed, never from outside of it, and each trouble in words."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bundle_runtime.artifacts.fetch import fetch
from bundle_runtime.contract.layout import ROOT_VARIABLE, Layout
from bundle_runtime.contract.report import RuntimeFailure

CONTENT = b"a pickle" * 1000


@pytest.fixture
def claim(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory where it is mounted, with a file two levels down."""
    monkeypatch.setenv(ROOT_VARIABLE, layout.root)
    directory = Path(layout.claim_dir)
    (directory / "a b").mkdir(parents=True)
    (directory / "a b" / "m.pkl").write_bytes(CONTENT)
    return directory


def refused(uri: str, target: Path) -> str:
    with pytest.raises(RuntimeFailure) as failure:
        fetch(uri, target)
    return str(failure.value)


def test_it_is_copied_and_hashed(claim: Path, tmp_path: Path) -> None:
    fetched = fetch("pvc://models/a%20b/m.pkl", tmp_path / "copy")
    assert (fetched.bytes, fetched.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (tmp_path / "copy").read_bytes() == CONTENT


def test_a_link_within_the_claim_is_followed(claim: Path, tmp_path: Path) -> None:
    (claim / "latest.pkl").symlink_to("a b/m.pkl")
    assert fetch("pvc://models/latest.pkl", tmp_path / "copy").bytes == len(CONTENT)


@pytest.mark.parametrize("path", ["../config/bundle.json", "a%20b/../../x", "out", "out/passwd"])
def test_nothing_outside_of_it_is_read(claim: Path, tmp_path: Path, path: str) -> None:
    (claim / "out").symlink_to("/etc")
    assert refused(f"pvc://models/{path}", tmp_path / "copy").startswith("InvalidValue: ")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("pvc://models/none.pkl", "ArtifactNotFound: there is no file none.pkl on the claim models"),
        ("pvc://models/a%20b", "ArtifactNotFound: a b on the claim models is not a file"),
        ("pvc://models/pipe", "ArtifactNotFound: pipe on the claim models is not a file"),
        ("pvc://models/", "InvalidValue: pvc://models/ names no file on a claim"),
        ("pvc:///m.pkl", "InvalidValue: pvc:///m.pkl names no file on a claim"),
    ],
)
def test_what_is_not_there_is_said(claim: Path, tmp_path: Path, uri: str, said: str) -> None:
    os.mkfifo(claim / "pipe")
    assert refused(uri, tmp_path / "copy").startswith(said)


def test_this_machine_has_no_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert "the claim models is not mounted here" in refused("pvc://models/m.pkl", tmp_path / "copy")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_says_what_to_do(claim: Path, tmp_path: Path) -> None:
    (claim / "a b" / "m.pkl").chmod(0)
    said = refused("pvc://models/a%20b/m.pkl", tmp_path / "copy")
    assert said.startswith("StoreAccessDenied: ")
    assert "readable by everyone" in said
