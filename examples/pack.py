"""`python -m examples.pack OUT_DIR`: every example as an artifact and a manifest that names it by its sha256.

A pickle is written by the Python that will load it (artifact.pythonVersion), found on this machine or given with
--python. The same sources give the same bytes: names in the archive are sorted, its times fixed, paths relative.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import cloudpickle

from launch.bundle.manifest import check, dump, parse
from launch.local.pythons import NoSuchPythonError, find_python, version_of

EXAMPLES = Path(__file__).resolve().parent
MANIFEST = "modelbundle.yaml"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the zip format's first second

# runs under the bundle's Python: as __main__, so that cloudpickle takes the functions by value
PICKLE = """
import pickle, runpy, sys
import cloudpickle
content = runpy.run_path("example.py", run_name="__main__")["BUNDLE"]
with open(sys.argv[1], "wb") as file:
    cloudpickle.dump(content, file, protocol=pickle.HIGHEST_PROTOCOL)
"""


def pack(example: Path, out: Path, python: str | None = None, artifact_base: str | None = None) -> Path:
    """Write OUT/NAME/bundle.pkl or bundle.zip, and OUT/NAME/bundle.yaml; returns the manifest's path."""
    manifest = parse((example / MANIFEST).read_text(encoding="utf-8"), str(example / MANIFEST))[0]
    artifact = manifest["spec"]["bundle"]["artifact"]
    target = out / example.name
    target.mkdir(parents=True, exist_ok=True)
    if artifact["packaging"] == "cloudpickle":
        file = target / "bundle.pkl"
        wanted = artifact["pythonVersion"]
        _pickle(example, file, _python_for(wanted, python))
        artifact["cloudpickleVersion"] = cloudpickle.__version__
    else:
        file = target / "bundle.zip"
        _zip(example, file)
    artifact["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    artifact["uri"] = f"{artifact_base.rstrip('/')}/{example.name}/{file.name}" if artifact_base else file.name
    problems = check(manifest)
    if problems:
        raise ValueError(f"{example / MANIFEST}: {'; '.join(problems)}")
    (target / "bundle.yaml").write_text(dump(_in_order(manifest)), encoding="utf-8")
    return target / "bundle.yaml"


def _python_for(wanted: str, given: str | None) -> str:
    if given is None:
        return find_python(wanted)
    if version_of(given) != wanted:
        raise NoSuchPythonError(f"{given} is Python {version_of(given)}, the bundle's image has Python {wanted}")
    return given


def _pickle(example: Path, file: Path, python: str) -> None:
    """In another process: the bundle's Python, with our cloudpickle (pure Python) and nothing else of this one."""
    with tempfile.TemporaryDirectory() as path:
        shutil.copytree(Path(cloudpickle.__file__).parent, Path(path, "cloudpickle"))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [python, "-c", PICKLE, str(file.resolve())]
        subprocess.run(command, cwd=example, env=environment, check=True)


def _zip(example: Path, file: Path) -> None:
    """The sources at the archive's root, so that predict.my_load_predict_fn is importable."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(example.rglob("*.py")):
            entry = zipfile.ZipInfo(path.relative_to(example).as_posix(), ZIP_TIME)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _in_order(manifest: dict[str, Any]) -> dict[str, Any]:
    artifact = manifest["spec"]["bundle"]["artifact"]
    names = ("uri", "sha256", "packaging", "pythonVersion", "cloudpickleVersion")
    manifest["spec"]["bundle"]["artifact"] = {name: artifact[name] for name in names if name in artifact}
    return manifest


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.pack", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--python", help="interpreter for the examples whose pythonVersion it has")
    parser.add_argument("--artifact-base", metavar="URI", help="where you upload OUT_DIR to, such as s3://models")
    parser.add_argument("--only", choices=sorted(path.parent.name for path in EXAMPLES.glob(f"*/{MANIFEST}")))
    options = parser.parse_args(arguments)
    for manifest in sorted(EXAMPLES.glob(f"*/{MANIFEST}")):
        if options.only in (None, manifest.parent.name):
            try:
                print(pack(manifest.parent, options.out, options.python, options.artifact_base))
            except NoSuchPythonError as error:
                print(f"{manifest.parent.name}: {error}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
