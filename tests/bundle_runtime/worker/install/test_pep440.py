"""Versions and markers as PEP 440 and PEP 508 have them: as `packaging` reads them, where it is not to be had."""

import itertools

import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version as Known

from bundle_runtime.worker.install.pep440 import Version, fits, parsed, same
from bundle_runtime.worker.install.requires import applies, marker_environment, need

VERSIONS = [
    "0.9", "1", "1.0", "1.0.0", "1.0.1", "1.0a1", "1.0b2", "1.0rc1", "1.0.dev3", "1.0a1.dev2", "1.0.post1",
    "1.0.post1.dev4", "1.0+cu118", "1.0+cu121", "1.0+local.2", "1.1", "1.10", "1.9.3", "2!0.1", "1.0-1", "v1.0",
    "2.0.0",
]  # fmt: skip
SPECIFIERS = [
    "", "==1.0", "==1.0.*", "!=1.0", "!=1.0.*", "<1.0", "<=1.0", ">1.0", ">=1.0", "~=1.0", "~=1.0.0", "~=1.0.1",
    "==1.0+cu118", ">=1,<2", ">=1.0a1", "<1.0rc1", "===1.0", ">=1.0.post1", "~=1.9.0", "!=1.1,>0.9", "==2!0.*",
]  # fmt: skip


def test_versions_have_the_same_order():
    for left, right in itertools.product(VERSIONS, VERSIONS):
        assert (Version(left).key < Version(right).key) == (Known(left) < Known(right)), (left, right)
        assert same(left, right) == (Known(left) == Known(right)), (left, right)


@pytest.mark.parametrize("specifier", SPECIFIERS)
def test_a_version_fits_the_same_specifiers(specifier):
    known = SpecifierSet(specifier)
    for version in VERSIONS:
        if "===" in specifier and version.startswith("v"):
            continue
        assert fits(version, specifier) == known.contains(version, prereleases=True), version


def test_what_is_not_a_version_is_said():
    assert parsed("custom_build") is None
    with pytest.raises(ValueError, match="not a version"):
        fits("custom_build", ">=1")
    with pytest.raises(ValueError, match="not a specifier"):
        fits("1.0", "1.0")


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("numpy", ("numpy", "", "")),
        ("numpy (>=1.17,<2)", ("numpy", ">=1.17,<2", "")),
        ("Typing.Extensions >= 4.6.1 ; os_name == 'nt'", ("typing-extensions", ">=4.6.1", "os_name == 'nt'")),
        ("requests[socks]>=2", ("requests", ">=2", "")),
        ("name @ https://host/name-1.whl", None),
        ("!", None),
    ],
)
def test_a_line_of_requires_dist_is_read(entry, read):
    assert need(entry) == read


@pytest.mark.parametrize(
    "marker",
    [
        "python_version < '3.11'",
        "python_version >= '3.11' and sys_platform == 'linux'",
        "(python_version < '3' or os_name == 'posix') and platform_machine != 'none'",
        "'3.8' <= python_version",
        "platform_python_implementation not in 'PyPy Jython'",
        "sys_platform in 'linux darwin'",
        "python_full_version > '3.8.0'",
        "extra == 'test'",
        'implementation_name == "cpython"',
        "sys.platform == 'linux' and os.name == 'posix'",
        "platform.machine == 'none' or python_implementation == 'CPython'",
    ],
)
def test_a_marker_is_as_true_as_elsewhere(marker):
    assert applies(marker, marker_environment()) == Marker(marker).evaluate({"extra": ""})


@pytest.mark.parametrize("marker", ["python_version", "nothing == '1'", "(os_name == 'posix'", "os_name == 'a' $"])
def test_a_marker_that_cannot_be_read_is_not_true(marker):
    assert applies(marker, marker_environment()) is False
