"""What the pages tell a reader to change in the seed's blocks, as edits of their text."""

from __future__ import annotations

import re


def with_root_models(source: str) -> str:
    """The change for pydantic 2: two lines of each class that has `__root__`, and the import."""
    edited, classes = re.subn(
        r"^class (\w+)\(BaseModel\):\n(\s+)__root__: (.+)$", r"class \1(RootModel):\n\2root: \3", source, flags=re.M
    )
    edited, imports = re.subn(
        r"^from pydantic import BaseModel$", "from pydantic import BaseModel, RootModel", edited, flags=re.M
    )
    assert classes >= 1, "no class with __root__"
    assert imports == 1, "no line `from pydantic import BaseModel`"
    return edited


def with_requirements_in_their_file(source: str) -> str:
    """Block 2 as it was meant: requirements.txt holds the requirements, by a name that PyPI has a project for."""
    opening = 'with open(predict_filename, "w") as'
    head, found, tail = source.rpartition(opening)
    assert found
    assert opening in head, "predict.py is not written twice"
    edited = head + opening.replace("predict_filename", "requirements_filename") + tail
    edited, renamed = re.subn(r"^sklearn$", "scikit-learn", edited, flags=re.M)
    edited, removed = re.subn(
        r"^(os\.remove\()predict_filename\)$", r"\g<0>\n\1requirements_filename)", edited, flags=re.M
    )
    assert (renamed, removed) == (1, 1)
    return edited
