"""From modules to the packages that bring them, of all that are installed here."""

from __future__ import annotations

from importlib import metadata

from launch.packing.distributions import distributions_of

BY_MODULE = {module: set(names) for module, names in metadata.packages_distributions().items() if module.isidentifier()}


def test_each_module_leads_to_its_packages() -> None:
    found = distributions_of(set(BY_MODULE))
    assert {module: {one.name for one in packages} for module, packages in found.items()} == BY_MODULE


def test_a_module_leads_to_them_whatever_else_is_asked_for() -> None:
    for module, names in list(BY_MODULE.items())[::15]:
        assert {one.name for one in distributions_of({module, "no_such"})[module]} == names


def test_what_no_package_brings_leads_nowhere() -> None:
    assert distributions_of({"no_such", "numpy_", "ump"}) == {}
