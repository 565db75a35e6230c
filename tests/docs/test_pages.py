"""What README.md and docs/ say holds: commands exist, Python runs, each dependency has its reason."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from launch.cli.commands import cli
from tools.testkit.page_blocks import ROOT, Block, blocks

RUFF = Path(sys.executable).with_name("ruff")
SHELL = [block for block in blocks() if block.language == "sh"]


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_commands_exist(block: Block) -> None:
    """Every line of a shell block names a target, a verb, a file or a program that there is."""
    for line in block.lines:
        words = line.partition(" > ")[0].split()
        while re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if words[0] == "make":
            for target in words[1:]:
                done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
                assert done.returncode == 0, f"{line}: {done.stderr}"
        elif words[0] == "modelbundle":
            result = CliRunner().invoke(cli, [words[1], "--help"])
            assert result.exit_code == 0, f"{line}: {result.output}"
            for option in re.findall(r"(--[a-z-]+)", line):
                assert option in result.output, f"{line}: {option}"
        else:
            assert words[0].removeprefix('"$(') in KNOWN or (ROOT / words[0]).exists(), f"unknown command: {line}"
        for path in re.findall(r"(?:^|\s)((?:deploy|examples|docs|crds|tools)/\S*)", line):
            assert (ROOT / path).exists(), f"{line}: {path}"


KNOWN = {
    "aws", "python", "kubectl", "helm", "docker", "eval", "git", ".venv/bin/python", "curl", "kind", "cosign", "export",
}  # fmt: skip


# page with Python in it -> the test that runs what it shows
RUN = {
    "README.md": "tests/seed/test_page.py",
    "docs/how-to/launch-client.md": "tests/seed/test_page.py",
    "docs/how-to/from-kserve.md": "tests/serving/test_coming_from.py",
    "docs/how-to/from-bentoml.md": "tests/serving/test_coming_from.py",
    "docs/reference/cli.md": "tests/docs/test_type_hints_table.py",
    "docs/reference/predict.md": "tests/serving/test_predict_page.py",
    "docs/reference/metrics.md": "tests/serving/test_own_metrics.py",
}


def test_all_python_is_run_by_a_test() -> None:
    shown = {str(block.page.relative_to(ROOT)) for block in blocks() if block.is_python}
    assert shown == RUN.keys()
    for page, test in RUN.items():
        assert Path(page).name in (ROOT / test).read_text(), page


@pytest.mark.parametrize("page", RUN)
def test_python_has_all_names_that_it_uses(page: str) -> None:
    """Who copies the blocks of a page one after the other has them all; the tests that run some need a cluster."""
    shown = [block.text for block in blocks() if str(block.page.relative_to(ROOT)) == page and block.is_python]
    compile("".join(shown), page, "exec")
    assert _undefined("".join(shown)) == []
    assert _undefined("".join([*shown, "print(not_there)\n"])) == ["not_there"]


def _undefined(script: str) -> list[str]:
    command = [str(RUFF), "check", "--isolated", "--output-format=concise", "--select=E9,F821,F822,F823", "-"]
    printed = subprocess.run(command, input=script, capture_output=True, text=True, check=False).stdout
    return re.findall(r"^-:.*`(\w+)`$", printed, re.MULTILINE)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lists = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    named = {re.split(r"[\[<>=;~! ]", line)[0] for lines in lists for line in lines}
    named |= {re.split(r"[\[<>=;~! ]", line)[0] for line in project["build-system"]["requires"]}
    cells = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/reference/dependencies.md").read_text(), flags=re.MULTILINE)
    listed = {name.strip() for cell in cells for name in cell.split(",")}
    assert named <= listed, f"without a reason in docs/reference/dependencies.md: {sorted(named - listed)}"
    assert not (listed - named - {"package", "---"}), f"listed, not used: {sorted(listed - named)}"


def test_readme_and_ci_run_the_same_commands() -> None:
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci/run").read_text()
    assert re.search(r"^make demo\b", readme, re.MULTILINE)
    assert re.search(r"^make test\b", readme, re.MULTILINE)
    assert "step make --no-print-directory test" in ci
