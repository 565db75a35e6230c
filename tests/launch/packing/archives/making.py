"""Archives of directories that are made of files, for the tests of both files here.

No conftest: these tests run without one, under each Python.
"""

from __future__ import annotations

import zipfile

from launch.packing.archives.archive import archive_to

MODULES = {
    "predict.py": "def my_load_predict_fn(model):\n    return model\n",
    "model.py": "def my_load_model_fn():\n    return 1\n",
}


FUNCTIONS = ("predict.my_load_predict_fn", "model.my_load_model_fn")


def write(base, files):
    for name, text in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text)
    return str(base)


def packer(tmp_path):
    """Makes the archive of base paths that are made of files; in the end there is one zip, or none."""

    def make(*bases, functions=FUNCTIONS, names=("code", "more")):
        paths = [write(tmp_path / name, files) for name, files in zip(names, bases)]
        return archive_to(tmp_path / "bundle.zip", paths, *functions)

    return make


def entries(archive):
    with zipfile.ZipFile(archive.packed.path) as opened:
        assert opened.testzip() is None
        return opened.namelist()
