"""The worker's own files, copied out of the runtime image for a Python that has none of ours.

The worker runs in the user's image: it gets the few standard-library-only modules it needs, cloudpickle for images
that lack it, and uv (one static binary) when there are requirements to install.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import bundle_runtime
import bundle_spec
from bundle_runtime.contract.layout import Layout

_RUNTIME = ("__init__.py", "advice", "contract", "worker")
# what tools/imports/allowed.py lets worker and contract import
_SPEC = ("__init__.py", "document.py", "json_schema.py", "names.py", "requirement_rule.py")


def place_runtime(layout: Layout, *, with_uv: bool) -> None:
    """Build bundle/runtime beside its place and rename it: what an earlier run left is replaced whole."""
    target = Path(layout.runtime_dir)
    building = target.with_name(target.name + ".partial")
    shutil.rmtree(building, ignore_errors=True)
    copy_sources(building, building / Path(layout.vendor_dir).relative_to(target))
    if with_uv:
        _copy(find_uv(), building / Path(layout.uv).relative_to(target), mode=0o755)
    shutil.rmtree(target, ignore_errors=True)
    building.rename(target)


def copy_sources(directory: Path, vendor: Path) -> None:
    """What the worker imports: our packages below `directory`, which is on its path, and cloudpickle below `vendor`."""
    for package, names in ((bundle_runtime, _RUNTIME), (bundle_spec, _SPEC)):
        source = Path(str(package.__file__)).parent
        for name in names:
            _copy_tree(source / name, directory / package.__name__ / name)
    _copy_tree(_package_directory("cloudpickle"), vendor / "cloudpickle")


def find_uv() -> Path:
    import uv

    return Path(uv.find_uv_bin())


def _package_directory(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the runtime image lacks {name}", name=name)
    return Path(spec.origin).parent


def _copy_tree(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
        _copy(file, target / file.relative_to(source))


def _copy(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)
