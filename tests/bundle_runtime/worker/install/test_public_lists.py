"""Thirty lists of public repositories on three images: installed and importable, or refused with what leads to the fix.

docs/explanation/public-requirement-lists.md is made of the rows. Packages come from the index that the machine has;
`make test` takes a choice of lists, `make examples` all.
"""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest

from bundle_runtime.advice.row import INSTALL
from bundle_runtime.advice.table import advice_for
from bundle_runtime.worker.install.indexes import PYPI
from bundle_spec.requirements import check_requirements
from tests.bundle_runtime.worker.install.public.images import IMAGES, make
from tests.bundle_runtime.worker.install.public.lists import ROWS
from tools.testkit.distributions import wheel
from tools.testkit.environments import uv
from tools.testkit.package_index import run_install, served_index

EACH = bool(os.environ.get("MODELBUNDLE_EXAMPLES"))
# the others are installed by `make examples` alone
ALWAYS = (
    "tloen/alpaca-lora",
    "CompVis/latent-diffusion",
    "aws/sagemaker-scikit-learn-container",
    "naoto0804/cross-domain-detection",
    "deepseek-ai/DeepSeek-V3",
    "gradio-app/gradio",
)
# what a machine has to reach its index; a pod has it from the operator
REACH = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "UV_INDEX_STRATEGY")
IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
try:
    exec(sys.argv[2])
except Exception as error:
    from bundle_runtime.worker.explain import next_step
    print(error, next_step(error, "load"), sep="\\n")
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The interpreter of each image, made when it is first asked for."""
    made = {}

    def python(name) -> Path:
        if name not in made:
            made[name] = make(name, tmp_path_factory.mktemp(name))
        return made[name]

    return python


@contextlib.contextmanager
def index_of(row, directory):
    """What install is told of indexes and of the way there, with the stand-ins that the row asks for in front."""
    reach = {name: os.environ[name] for name in REACH if name in os.environ}
    reach["UV_CACHE_DIR"] = uv("cache", "dir").strip()
    if not row.extra:
        yield reach
        return
    (directory / "files").mkdir(parents=True)
    for name, version in row.extra:
        wheel(directory / "files", name, version)
    with served_index(directory) as url:
        yield {**reach, "UV_INDEX": url}


def imported(python, done, statement):
    """What the import prints: nothing, or the error and what the worker says to do."""
    settings = {"PATH": os.environ["PATH"], "MODELBUNDLE_ROOT": done.layout.root}
    words = [python, "-c", IMPORT, done.layout.requirements_dir, statement]
    return subprocess.check_output(words, cwd=done.layout.runtime_dir, env=settings, text=True, timeout=120)


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.repository)
def test_a_public_list_is_installed_or_refused_with_its_fix(tmp_path, image, row, name):
    if not EACH and row.repository not in ALWAYS:
        pytest.skip("thirty lists are some minutes of downloads: make examples (MODELBUNDLE_EXAMPLES=1)")
    python, came = image(name), getattr(row, name)
    default = os.environ.get("UV_DEFAULT_INDEX", PYPI)
    with index_of(row, tmp_path / "index") as reach:
        done = run_install(tmp_path, python, list(row.lines), default, 600, **reach)
    said = done.report.get("message", "")
    assert done.report["reason"] == (came.reason or "Completed"), said
    if not came.reason:
        said = imported(python, done, row.imports)
        assert bool(said) == bool(came.says), said
    assert [words for words in came.says if words not in said] == [], said
    if came.advice and came.reason:
        found = advice_for(INSTALL, said)
        assert found is not None, said
        assert found.code in came.advice
    elif came.advice:
        assert said.rstrip().endswith(f"#{came.advice[0]}]")


@pytest.mark.parametrize("row", [row for row in ROWS if row.before], ids=lambda row: row.repository)
def test_an_odd_list_is_refused_before_a_pod_starts(row):
    with pytest.raises(ValueError, match="requirements") as failure:
        check_requirements(row.lines)
    assert [words for words in row.before if words not in str(failure.value)] == [], failure.value


@pytest.mark.parametrize("row", [row for row in ROWS if not row.before], ids=lambda row: row.repository)
def test_a_list_of_requirements_is_taken_before_a_pod_starts(row):
    check_requirements(row.lines)


def test_there_are_thirty_lists_and_each_is_said_once():
    assert len({row.source for row in ROWS}) == len(ROWS) == 30
    assert set(ALWAYS) <= {row.repository for row in ROWS}
