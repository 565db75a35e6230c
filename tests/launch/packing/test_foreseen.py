"""What the client says of a failure before an upload, in the words that the worker would use."""

from __future__ import annotations

import pickle
import sys
import types
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy
import pytest

from launch.packing.archives.archive import archive_to
from launch.packing.foreseen import foreseen, foreseen_of_files, of_local_modules, of_names
from launch.packing.pickles.inferred import local_modules
from launch.packing.pickles.pickling import pickle_to

NUMPY = metadata.version("numpy")
LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 104857600\n"


def said_of(tmp_path: Path, content: Any, *requirements: str) -> list[str]:
    file = tmp_path / "bundle.pkl"
    pickle_to(file, content)
    return foreseen(content, file, requirements)


def test_nothing_where_nothing_is_known(tmp_path: Path) -> None:
    model = {"model": numpy.arange(3), "load_predict_fn": print}
    for requirements in ((), (f"numpy=={NUMPY}",), ("numpy>=1", "not a requirement", "scikit-learn==1.2.2")):
        assert said_of(tmp_path, model, *requirements) == []


def test_a_requirement_of_numpy_1(tmp_path: Path) -> None:
    (said,) = said_of(tmp_path, {"model": numpy.arange(3)}, "numpy==1.26.4  # as the image")
    assert "NumPy 2 wrote it, and NumPy 1.26.4 of spec.bundle.requirements cannot read it" in said
    assert said.endswith("#numpy-2-pickle]")


@pytest.mark.parametrize("asked", ["==1.2.2", "<1.3"])
def test_a_requirement_of_another_version(tmp_path: Path, asked: str) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0]], [0, 1])
    (said,) = said_of(tmp_path, {"model": model}, f"scikit-learn{asked}")
    here = metadata.version("scikit-learn")
    assert said.startswith(f"scikit-learn {here} writes the pickle, and requirements ask for scikit-learn{asked}.")
    assert said.endswith("#requirement-of-another-version]")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("pickle==4.0", "requirement-of-python"),
        ("python>=3.8", "requirement-is-python"),
        ("pkg_resources==0.0.0", "requirement-of-another-system"),
        ("pywin32==306", "requirement-of-another-system"),
    ],
)
def test_names_that_no_index_has(entry: str, code: str) -> None:
    (said,) = of_names(["numpy", entry])
    assert said.endswith(f"#{code}]")


def test_names_that_an_index_may_have() -> None:
    others = ["numpy==1.26.4", "python-dateutil", "cv2", "osmium", "jsonschema", "# a line", ""]
    assert of_names([*others, "pywin32==306 ; sys_platform == 'win32'"]) == []


class WindowsPath:
    """A stand-in: a machine with Windows writes this name."""

    def __reduce__(self) -> Any:
        import pathlib

        return pathlib.WindowsPath, ("C:", "weights.pt")


def test_a_path_of_windows(tmp_path: Path) -> None:
    file = tmp_path / "bundle.pkl"
    file.write_bytes(pickle.dumps(WindowsPath()))
    (said,) = foreseen(None, file, ())
    assert "Keep paths as text" in said


@pytest.mark.parametrize(("flag", "code"), [("is_cuda", "cuda-tensor-without-gpu"), ("is_mps", "apple-device")])
def test_a_tensor_of_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str, code: str) -> None:
    torch = types.ModuleType("torch")  # a stand-in for PyTorch, which is large
    torch.Tensor = type("Tensor", (), {"__module__": "torch", flag: True})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    model = {"layers": [{"weight": torch.Tensor()}, {"weight": torch.Tensor()}]}
    (said,) = said_of(tmp_path, {"model": model})
    assert said.startswith("Where the bundle is served without a GPU: ")
    assert said.endswith(f"#{code}]")


def test_modules_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_helpers.py").write_text("def scale(x):\n    return x\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import my_own_helpers  # type: ignore[import-not-found]

    file = tmp_path / "bundle.pkl"
    pickle_to(file, my_own_helpers.scale)
    names = local_modules(my_own_helpers.scale, file)
    assert names == ["my_own_helpers"]
    (said,) = of_local_modules(names)
    assert "globals_copy=globals()" in said
    pickle_to(file, my_own_helpers.scale, {"my_own_helpers": my_own_helpers})
    assert local_modules(my_own_helpers.scale, file) == [], "it is in the pickle then"


def test_files_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "predict.py").write_text("def load(): pass\n")
    (folder / "weights.bin").write_text(LFS)
    (folder / "model.joblib").write_bytes(b"\x80\x02c__main__\nModel\n)\x81q\x00.")
    (folder / "broken.pkl").write_bytes(b"\x80\x02cos\ngetcwd\n" + bytes(range(255)))
    said = archive_to(tmp_path / "bundle.zip", [str(folder)], "predict.load", "predict.load").warnings
    assert len(said) == 2
    assert said[0].startswith("model.joblib: A file that the code loads names Model of __main__")
    assert said[1].startswith("weights.bin: It is a pointer of Git LFS")


def test_a_large_file_is_not_read_for_a_pointer(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_text(LFS + "x" * 2000)
    assert foreseen_of_files({"weights.bin": file}) == []
