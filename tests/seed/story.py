"""What happens in one environment: the blocks as scripts, then the second script, with all that they said."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.seed import page
from tests.seed.document import Document
from tests.seed.edits import with_requirements_in_their_file, with_root_models
from tests.seed.environments import Done, Environment

SCRIPTS = Path(__file__).resolve().parent / "scripts"


@dataclass
class Story:
    """`scripts` by what was run; `steps` are those of the second script, which `roles` names the bundles to."""

    namespace: str
    scripts: dict[str, Done] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    second: Done | None = None

    def line(self) -> str:
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())

    def _outcome(self, step: str) -> dict[str, Any]:
        failed = [name for name, done in self.scripts.items() if done.code]
        said = self.second.err[-3000:] if self.second else "it did not run"
        assert step in self.steps, f"the second script did not come to {step!r} (failed before: {failed}): {said}"
        return self.steps[step]

    def result(self, step: str) -> Any:
        outcome = self._outcome(step)
        assert "raised" not in outcome, f"{step}: {outcome}"
        return outcome["result"]

    def raised(self, step: str) -> tuple[str, str]:
        outcome = self._outcome(step)
        assert "raised" in outcome, f"{step}: {outcome}"
        return outcome["raised"], outcome["message"]


def run_with_pydantic_1(document: Document, environment: Environment, variables: dict[str, str], at: Path) -> Story:
    """Verbatim, and block 2 once more as it was meant."""
    direct, directories, configured = document.blocks
    story, run = _started(environment, variables, at)
    run("block1", direct)
    run("block2", directories)
    run("block2_corrected", with_requirements_in_their_file(directories))
    run("block3", configured)
    _second(story, environment, variables, "second.py", ["direct", "directories", "corrected", "single", "batched"])
    return story


def run_with_pydantic_2(document: Document, environment: Environment, variables: dict[str, str], at: Path) -> Story:
    """Verbatim, then with the change that the page names."""
    story, run = _started(environment, variables, at)
    for number, block in enumerate(document.blocks, 1):
        run(f"block{number}", block)
        run(f"block{number}_changed", with_root_models(block))
    _second(story, environment, variables, "second.py", ["direct", "directories", "single", "batched"])
    return story


def run_page(_: Document, environment: Environment, variables: dict[str, str], at: Path) -> Story:
    story, run = _started(environment, variables, at)
    run("page", page.script())
    return story


def run_readme(_: Document, environment: Environment, variables: dict[str, str], at: Path) -> Story:
    story, run = _started(environment, variables, at)
    run("readme", page.readme())
    return story


def run_with_another_python(_: Document, environment: Environment, variables: dict[str, str], at: Path) -> Story:
    """A bundle for the image with Python 3.8, made by whatever runs these tests."""
    story, _run = _started(environment, variables, at)
    _second(story, environment, variables, "another_python.py", [])
    return story


def _started(environment: Environment, variables: dict[str, str], at: Path) -> tuple[Story, Callable[[str, str], None]]:
    story = Story(variables["LAUNCH_NAMESPACE"])

    def run(name: str, source: str) -> None:
        script = at / f"{name}.py"
        script.write_text(source)
        started = time.monotonic()
        story.scripts[name] = environment.run(script, variables=variables)
        story.seconds[name] = time.monotonic() - started

    return story, run


def _second(story: Story, environment: Environment, variables: dict[str, str], script: str, roles: list[str]) -> None:
    started = time.monotonic()
    story.second = environment.run(SCRIPTS / script, *roles, variables=variables)
    story.seconds[script] = time.monotonic() - started
    steps = [json.loads(line) for line in story.second.out.splitlines()]
    story.steps = {step["step"]: step for step in steps}
