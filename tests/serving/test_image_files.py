"""Files that an image holds and a pod does not find as its author did: weights below another HOME, code in WORKDIR."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serving.conftest import Served
from tests.serving.test_caches import LOADING, as_in_a_pod
from tools.testkit.pair import PATIENCE

AS_A_LIBRARY_DOES = """
    try:
        open(pathlib.Path.home() / ".cache/m/weights")
    except OSError as error:
        raise RuntimeError("there is no model, and no network") from error
"""
READ_ONLY = '    raise OSError(errno.EROFS, os.strerror(errno.EROFS), "weights.pt")\n'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (AS_A_LIBRARY_DOES, "RuntimeError: there is no model, and no network"),
        (AS_A_LIBRARY_DOES, "uid 65533 with HOME=/tmp/home"),
        (AS_A_LIBRARY_DOES, "where everyone may read them, not below /root or /tmp"),
        (
            '    open("data.txt")\n',
            "data.txt is not in the bundle; a relative path is one in the bundle's own directory, not in the image's "
            "WORKDIR. Put the file into the bundle",
        ),
        (READ_ONLY, "Write caches below $HOME (/tmp/home), the rest to $TMPDIR"),
        (
            "    import code_of_the_image\n",
            "One in the image's WORKDIR is found when ENV PYTHONPATH of the image names that",
        ),
        (
            '    raise ValueError("no weights")\n',
            "The code is the bundle's own: fix it and make a new bundle: spec.bundle",
        ),
    ],
)
def test_the_reason_says_what_to_do(bundle: Served, body: str, said: str) -> None:
    source = (
        f"import errno, os, pathlib\n\ndef load():\n{body}\ndef load_predict_fn(model):\n    return lambda: model\n"
    )
    pair = bundle(source, LOADING)
    as_in_a_pod(pair)
    pair.start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1
    assert pair.report["reason"] == "LoadFailed"
    assert said in pair.report["message"]


def test_code_of_the_image_is_imported_where_its_environment_names_it(bundle: Served, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/code_of_the_image.py").write_text("ANSWER = 42\n")
    pair = bundle("import code_of_the_image\ndef predict():\n    return code_of_the_image.ANSWER\n")
    pair.environment["PYTHONPATH"] = str(tmp_path / "app")
    assert pair.start().predict().json == 42
