"""Requirements that fail to install, and what the operator adds to the report: the row of the table that fits."""

from pathlib import Path

import pytest

from bundle_runtime.advice.row import INSTALL
from bundle_runtime.advice.table import advice_for
from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.worker.install.entries import check_entries
from tests.bundle_runtime.advice.field.installs import CASES, MORE, RIGHT_BEFORE
from tools.testkit.distributions import sdist, wheel
from tools.testkit.package_index import image_with, run_install, served_index


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("wheels")
    wheels = [wheel(directory, "numpy", "1.26.4", (), "image", compiled=True)]
    return image_with(tmp_path_factory.mktemp("image"), "3.12", wheels)


@pytest.mark.parametrize("case", [*CASES, *MORE], ids=lambda case: case.backend or case.entry)
def test_what_is_said_of_a_requirement_that_does_not_install(tmp_path, image, case):
    directory = tmp_path / "index"
    (directory / "files").mkdir(parents=True)
    if case.backend:
        sdist(directory / "files", "ext", "1.0", case.backend, case.needs)
    with served_index(directory) as url:
        done = run_install(tmp_path, image, [case.entry], url)
    built = case.backend and not case.needs
    assert done.report["reason"] == ("InstallFailed" if built else "RequirementNotFound"), done.log
    said = advice_for(INSTALL, done.report["message"])
    assert said is not None
    assert said.code == case.code


@pytest.mark.parametrize(("entry", "says"), [case[3:] for case in RIGHT_BEFORE])
def test_what_is_refused_before_anything_is_asked(entry, says):
    with pytest.raises(RuntimeFailure, match=says):
        check_entries([entry])
