"""A report is JSON of at most 2048 ASCII bytes, whatever is in it; a document is trusted by its hash alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_runtime.contract import document_loader, report
from bundle_runtime.contract.layout import DEFAULT_ROOT, Layout
from bundle_spec.document import digest as document_digest

texts = st.text(alphabet=st.characters(), max_size=30).flatmap(lambda text: st.integers(0, 400).map(lambda n: text * n))


@given(st.text(max_size=40), texts, st.dictionaries(st.text(max_size=10), st.floats(0, 1e6), max_size=8), texts)
def test_any_report_is_small_valid_json(reason: str, message: str, seconds: dict[str, float], other: str) -> None:
    encoded = report.encode(report.Report(reason, message, seconds, other=other, nested={"list": [other]}))
    assert len(encoded) <= report.LIMIT
    encoded.decode("ascii")
    assert json.loads(encoded)["reason"] == reason


def test_the_longest_text_is_cut_and_its_two_ends_stay() -> None:
    cut = json.loads(report.encode(report.Report("LoadFailed", "first " + "x" * 9000 + " last", note="short")))
    assert cut["note"] == "short"
    assert cut["message"].startswith("first ")
    assert cut["message"].endswith(" last")
    assert len(json.dumps(cut)) > report.LIMIT - 20, "no more than needed"


def test_half_a_surrogate_pair_is_written_out() -> None:
    made = report.Report("LoadFailed", "a\ud800b", {"\udfff": 1.0}, name="\udcff", nested=[{"\ud800": "\ud800"}])
    read = json.loads(report.encode(made))
    assert (read["message"], read["name"]) == ("a\\ud800b", "\\udcff")
    json.dumps(read, ensure_ascii=False).encode("utf-8")
    long = json.loads(report.encode(report.Report("LoadFailed", "\U0001f600" * 4000 + "\ud800" * 4000)))
    json.dumps(long, ensure_ascii=False).encode("utf-8")
    assert long["message"].startswith("\U0001f600")


def test_what_is_long_but_no_text_leaves_the_reason() -> None:
    cut = json.loads(report.encode(report.Report("LoadFailed", "why", {str(n): 1.0 for n in range(1000)})))
    assert cut == {"reason": "LoadFailed", "message": "", "seconds": {}}


def test_it_is_written_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(report.VARIABLE, str(tmp_path / "log"))
    report.write(report.Report(report.COMPLETED, seconds={"fetch": 1.23456}, bytes=3))
    assert json.loads((tmp_path / "log").read_bytes()) == {
        "reason": "Completed",
        "message": "",
        "seconds": {"fetch": 1.235},
        "bytes": 3,
    }
    monkeypatch.setenv(report.VARIABLE, str(tmp_path / "no" / "directory"))
    report.write(report.Report(report.COMPLETED))


def test_the_layout_has_one_root(tmp_path: Path) -> None:
    assert Layout.from_environment({}).root == DEFAULT_ROOT
    layout = Layout.from_environment({"MODELBUNDLE_ROOT": str(tmp_path)})
    names = [name for name, value in vars(Layout).items() if isinstance(value, property)]
    paths = [getattr(layout, name) for name in names]
    assert all(path.startswith(f"{tmp_path}/") for path in paths)
    assert len(set(paths)) == len(names)


def write_document(root: Path, content: bytes) -> tuple[Layout, str]:
    (root / "config").mkdir()
    (root / "config/bundle.json").write_bytes(content)
    return Layout(str(root)), document_digest(content)


def test_a_document_with_the_right_digest(tmp_path: Path) -> None:
    layout, digest = write_document(tmp_path, b'{"schemaVersion": 1}')
    assert document_loader.load(layout, digest) == {"schemaVersion": 1}
    assert document_loader.load_from_environment(layout, {"MODELBUNDLE_DIGEST": digest}) == {"schemaVersion": 1}


@pytest.mark.parametrize(
    ("content", "digest", "says"),
    [
        (b'{"schemaVersion": 1}', "sha256:0", "was edited"),
        (b'{"schemaVersion": 1}', "", "MODELBUNDLE_DIGEST is not set"),
        (b'{"schemaVersion": 2}', None, "schemaVersion 2"),
        (b"[]", None, "schemaVersion None"),
        (b"\xff", None, "not valid JSON"),
    ],
)
def test_a_document_that_is_not_trusted(tmp_path: Path, content: bytes, digest: Any, says: str) -> None:
    layout, right = write_document(tmp_path, content)
    with pytest.raises(report.RuntimeFailure, match=says) as failure:
        document_loader.load(layout, right if digest is None else digest)
    assert failure.value.reason == report.BUNDLE_DOCUMENT_MISMATCH


def test_a_document_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(report.RuntimeFailure, match="cannot read"):
        document_loader.load(Layout(str(tmp_path)), "sha256:0")
