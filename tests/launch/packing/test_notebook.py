"""A notebook's code is that of its code cells, without what only a notebook understands."""

from __future__ import annotations

import json

import pytest

from launch.errors import InvalidBundleError
from launch.packing.notebook import notebook_code


def notebook(*cells: tuple[str, str | list[str]]) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": kind, "source": source} for kind, source in cells]})


def test_code_cells_are_joined_and_magics_are_remarks(tmp_path):
    file = tmp_path / "n.ipynb"
    file.write_text(
        notebook(
            ("markdown", "# Title"),
            ("code", ["%matplotlib inline\n", "import math\n", "!pip install x\n"]),
            ("code", "%%bash\necho 1\n"),
            ("code", "def f(x):\n    %time 1\n    return math.floor(x)"),
        )
    )
    names: dict = {}
    exec(notebook_code(file), names)
    assert names["f"](1.5) == 1
    assert "# %%bash" in notebook_code(file)


NO_NOTEBOOKS = ["", "{}", "[1]", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{"cell_type": "code"}]}']


@pytest.mark.parametrize("text", NO_NOTEBOOKS)
def test_what_is_no_notebook_is_said(tmp_path, text):
    (tmp_path / "n.ipynb").write_text(text)
    with pytest.raises(InvalidBundleError, match="is not a Jupyter notebook"):
        notebook_code(tmp_path / "n.ipynb")
