"""Every call that the original takes, ours takes: same names, same order, same kinds, same defaults."""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest

import launch
import launch.errors
from tests.launch.original import ATTRIBUTES, CLASSES, EXPORTS, MODULES, OPTIONAL_WITH_US, OUT_OF_SCOPE
from tools.testkit.page_blocks import ROOT

METHODS = {
    f"{theirs.__name__}.{name}": function
    for theirs in CLASSES
    for name, function in vars(theirs).items()
    if inspect.isfunction(function)
}
every_method = pytest.mark.parametrize("method", METHODS)


def _parameters(method: str) -> tuple[dict[str, inspect.Parameter], dict[str, inspect.Parameter]]:
    """The original's and ours."""
    owner, _, name = method.partition(".")
    ours: Any = getattr(getattr(launch, owner), name)
    return dict(inspect.signature(METHODS[method]).parameters), dict(inspect.signature(ours).parameters)


def _places(parameters: dict[str, inspect.Parameter]) -> list[str]:
    return [item.name for item in parameters.values() if item.kind is item.POSITIONAL_OR_KEYWORD]


@every_method
def test_a_call_of_the_original_means_the_same(method: str) -> None:
    theirs, ours = _parameters(method)
    assert [name for name in ours if name in theirs] == list(theirs), "one is missing, or in another order"
    assert _places(ours)[: len(_places(theirs))] == _places(theirs)
    for name, parameter in theirs.items():
        assert ours[name].kind is parameter.kind, name
        if (method, name) in OPTIONAL_WITH_US:
            assert (parameter.default, ours[name].default) == (parameter.empty, None), name
        else:
            assert ours[name].default == parameter.default, name


@every_method
def test_what_we_add_may_be_left_out_and_swallows_no_misspelling(method: str) -> None:
    theirs, ours = _parameters(method)
    for added in (parameter for name, parameter in ours.items() if name not in theirs):
        assert added.kind in (added.KEYWORD_ONLY, added.POSITIONAL_OR_KEYWORD), added
        assert added.default is not added.empty, added


@pytest.mark.parametrize("name", EXPORTS)
def test_the_package_exports(name: str) -> None:
    assert getattr(launch, name) is not None
    assert name in launch.__all__
    assert name in dir(launch)


def test_the_package_has_its_version() -> None:
    assert launch.__version__ == version("model-bundles")


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in MODULES.items() for name in names])
def test_the_sub_modules_that_users_import(module: str, name: str) -> None:
    found = getattr(import_module(module), name)
    assert found is getattr(launch, name, found)


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_objects_have_the_originals_attributes(path: str) -> None:
    module, _, name = path.rpartition(".")
    kind = getattr(import_module(module), name)
    has = {*dir(kind), *getattr(kind, "__annotations__", {})}
    assert [attribute for attribute in ATTRIBUTES[path] if attribute not in has] == []


def test_a_bundle_reads_and_writes_dicts_and_prints_as_in_the_original() -> None:
    bundle = launch.ModelBundle.from_dict({"name": "n", "id": "i", "unknown": 1})
    assert (bundle.name, bundle.id, bundle.model_bundle_id) == ("n", "i", "i")
    assert launch.ModelBundle.from_dict(bundle.to_dict()) == bundle
    assert str(bundle) == "ModelBundle(bundle_name=n)"


def test_what_is_out_of_scope_is_in_the_docs_with_what_to_use_instead() -> None:
    page = (ROOT / "docs" / "how-to" / "launch-client.md").read_text()
    table = page.partition("## What is not here")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")][2:]
    assert {word.strip("` ") for what, _ in rows for word in what.split(",")} == set(OUT_OF_SCOPE)
    assert all(instead.strip() for _, instead in rows)


@pytest.mark.parametrize("name", [name for name in OUT_OF_SCOPE if name[0].islower() and "register" not in name])
def test_a_method_that_is_not_here_says_what_to_use_instead(name: str) -> None:
    client = launch.LaunchClient(api_key=None)
    assert not hasattr(client, name)
    with pytest.raises(launch.errors.NotSupportedError, match=f"{name} is not part of this product: use "):
        getattr(client, name)
    with pytest.raises(AttributeError, match="has no create_bundel"):
        client.create_bundel  # noqa: B018 - that it is asked for is the test


@pytest.mark.parametrize("name", OUT_OF_SCOPE)
def test_what_is_out_of_scope_is_not_half_there(name: str) -> None:
    """It says so when it is asked for, or is not there at all: never something that does nothing."""
    here = (
        launch.LaunchClient(api_key=None)
        if hasattr(launch.LaunchClient, name)
        else import_module("launch.model_endpoint")
    )
    found = getattr(here, name, None)
    if found is None:
        return
    required = [item for item in inspect.signature(found).parameters.values() if item.default is item.empty]
    by_name = {item.name: None for item in required if item.kind is item.KEYWORD_ONLY}
    with pytest.raises(launch.errors.NotSupportedError):
        found(*[None for item in required if item.kind is item.POSITIONAL_OR_KEYWORD], **by_name)
