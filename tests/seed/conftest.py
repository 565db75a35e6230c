"""The seed's blocks in each environment, run once for all tests of this directory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import make_namespace, operator, place, store
from tests.seed.document import Document, read
from tests.seed.environments import PYDANTICS, SERIES, Environment
from tests.seed.story import (
    Story,
    run_page,
    run_readme,
    run_with_another_python,
    run_with_pydantic_1,
    run_with_pydantic_2,
)
from tools.testkit.environments import distribution, python_with_client
from tools.testkit.place import Place
from tools.testkit.store import Store

__all__ = ["make_namespace", "operator", "place", "store"]

LINES = pytest.StashKey[list[str]]()
ANOTHER, BARE = "another Python", "no pydantic"
# in which environment what happens
STORIES = {
    "pydantic 1": ("pydantic 1", run_with_pydantic_1),
    "pydantic 2": ("pydantic 2", run_with_pydantic_2),
    "page": ("pydantic 2", run_page),
    "readme": (BARE, run_readme),
    ANOTHER: (ANOTHER, run_with_another_python),
}


@pytest.fixture(scope="session")
def document(request: pytest.FixtureRequest) -> Document:
    document = read()
    request.config.stash.setdefault(LINES, []).append(document.line())
    return document


@pytest.fixture(scope="session")
def environments(request: pytest.FixtureRequest, site: Path) -> dict[str, Environment]:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # so that the progress of a first time shows
        pythons = {name: python_with_client(SERIES, pydantic) for name, pydantic in PYDANTICS.items()}
        pythons[BARE] = python_with_client(SERIES)
    pythons[ANOTHER] = Path(sys.executable)
    return {name: Environment(python, site) for name, python in pythons.items()}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distribution(tmp_path_factory.mktemp("distribution"))


@pytest.fixture(scope="session")
def variables(place: Place, store: Store) -> Callable[[str], dict[str, str]]:
    """What a user sets before running the blocks: where bundles and artifacts go."""
    store.put("seed/.keep", b"")  # the bucket is there

    def of(namespace: str) -> dict[str, str]:
        return {
            "LAUNCH_NAMESPACE": namespace,
            "LAUNCH_ARTIFACT_URI": store.uri("seed"),
            "AWS_ENDPOINT_URL": place.s3_endpoint,
            "AWS_ACCESS_KEY_ID": place.access_key,
            "AWS_SECRET_ACCESS_KEY": place.secret_key,
            "AWS_REGION": "us-east-1",
        }

    return of


@pytest.fixture(scope="session")
def stories(
    request: pytest.FixtureRequest,
    operator: object,
    document: Document,
    environments: dict[str, Environment],
    make_namespace: Callable[..., str],
    variables: Callable[[str], dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[Story]]]:
    """All environments at once, each in a namespace of its own: so that what one lists is what one made."""
    with ThreadPoolExecutor() as pool:
        yield {
            name: pool.submit(
                run,
                document,
                environments[environment],
                variables(make_namespace(name.lower().replace(" ", "-"))),
                tmp_path_factory.mktemp(name.replace(" ", "-")),
            )
            for name, (environment, run) in STORIES.items()
        }


def _of(name: str) -> Callable[..., Story]:
    @pytest.fixture(scope="session", name=name.lower().replace(" ", "_"))
    def story(request: pytest.FixtureRequest, stories: dict[str, Future[Story]]) -> Story:
        finished = stories[name].result()
        request.config.stash.setdefault(LINES, []).append(f"{name}: {finished.line()}")
        return finished

    return story


pydantic_1 = _of("pydantic 1")
pydantic_2 = _of("pydantic 2")
page = _of("page")
readme = _of("readme")
another_python = _of(ANOTHER)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes tells its lines to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["seed"] = session.config.stash.get(LINES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash.setdefault(LINES, []).extend(getattr(node, "workeroutput", {}).get("seed", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(LINES, []):
        terminalreporter.section("the seed's code")
        for line in dict.fromkeys(lines):  # each process that read the document says so
            terminalreporter.write_line(line)
