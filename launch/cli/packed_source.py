"""Code becomes a bundle for `modelbundle serve`: packed into a directory, with what `create` would ask for found out.

The functions are chosen by their names, requirements are looked up, and type hints become schemas unless schemas are
given. Each of these is said, and so is the command that makes the same bundle on a cluster.
"""

from __future__ import annotations

import ast
import shlex
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple

from launch.api.mlflow_models import bundle_of_mlflow
from launch.cli.drafting import Drafting
from launch.cli.packing import packed_folders, packed_names
from launch.cli.source_word import Source
from launch.cli.user_code import SOURCE, modules_of_the_run, printing_to_stderr, run_file, run_module, warnings_as_lines
from launch.errors import InvalidBundleError
from launch.packing.archives.files import files_below
from launch.packing.chosen_functions import chosen
from launch.packing.mlflow.bundled import is_mlflow_model

Say = Callable[[str], None]

OPTIONS = (
    "name", "load_predict_fn", "load_model_fn", "model", "predict_fn", "pytorch_image_tag", "tensorflow_version",
    "image", "requirements", "app_config", "request_schema", "response_schema",
)  # fmt: skip
_FOLDER_FUNCTIONS = ("load_predict_fn", "load_model_fn")


class PackedSource(NamedTuple):
    """`files` are those that the code came from; `create` is the command that makes the same bundle in
    a cluster, where there is one."""

    manifest: Dict[str, Any]
    files: List[Path]
    create: str


def packed_source(source: Source, store: Path, image: str, type_hints: bool, say: Say) -> PackedSource:
    """Run the code, pack it into `store`, and draw its manifest; LaunchError says why not."""
    client = Drafting({"replicas": 1, "gpu": {"count": 0}}, True, artifact_uri=store.as_uri())
    if source.is_folder and is_mlflow_model(source.directory):
        return _packed_mlflow(source, client, say)
    given: Dict[str, Any] = {**dict.fromkeys(OPTIONS), "name": source.name, "image": image}
    with printing_to_stderr(), warnings_as_lines():
        if source.is_folder:
            functions = folder_functions(source)
            packed_folders(client, [source.path], {**given, **functions})
            files = [source.directory, *files_below(source.directory, []).values()]
        else:
            names = run_module(source.module) if source.module else run_file(Path(source.path))
            module, where = source.module or SOURCE, source.path or source.module
            functions = chosen(names, module, where, source.function)
            packed_names(client, names, where, {**given, **functions, "type_hints": type_hints})
            files = _files(source)
    bundle = client.manifest["spec"]["bundle"]
    say(f"packed: {', '.join(f'{name} = {value}' for name, value in functions.items())}")
    if not source.is_folder:
        found = ", ".join(bundle.get("requirements", [])) or "none"
        say(f"requirements: {found}, found from what the functions import")
    if type_hints and not source.is_folder:
        hinted = "of the type hints" if "requestSchema" in bundle else "none: no type hint says what a request holds"
        say(f"schemas: {hinted}")
    return PackedSource(client.manifest, files, _create(source, functions, image, "requestSchema" in bundle))


def _packed_mlflow(source: Source, client: Drafting, say: Say) -> PackedSource:
    """What MLflow wrote; its image is that of the model's own Python."""
    with printing_to_stderr(), warnings_as_lines():
        bundle_of_mlflow(client, source.name, source.directory)
    bundle = client.manifest["spec"]["bundle"]
    say(f"requirements: {', '.join(bundle['requirements'])}, of the model that MLflow wrote")
    say(f"schemas: {'of its signature' if 'requestSchema' in bundle else 'none: it has no signature'}")
    files = [source.directory, *files_below(source.directory, []).values()]
    return PackedSource(
        client.manifest, files, shlex.join(["modelbundle", "import", "mlflow", source.path, "--create"])
    )


def in_one_file(folder: Source) -> Source:
    """The one file of the folder that defines `predict`, where none has load_predict_fn; else the folder itself, and so
    for a model that MLflow wrote, whose directory may hold its code."""
    if is_mlflow_model(folder.directory):
        return folder
    defined = {file: set(_defined(file)) for file in sorted(folder.directory.glob("*.py"))}
    if any(_FOLDER_FUNCTIONS[0] in names for names in defined.values()):
        return folder
    files = [file for file, names in defined.items() if "predict" in names]
    if len(files) != 1:
        return folder
    return Source(str(Path(folder.path) / files[0].name), "", folder.function, folder.path)


def folder_functions(source: Source) -> Dict[str, str]:
    """The dotted paths of load_predict_fn and load_model_fn in the folder's modules, which are read and not run."""
    found: Dict[str, List[str]] = {name: [] for name in _FOLDER_FUNCTIONS}
    for file in sorted(source.directory.glob("*.py")):
        for name in _defined(file):
            if name in found:
                found[name].append(f"{file.stem}.{name}")
    for name, paths in found.items():
        if len(paths) != 1:
            there = f"it is in {', '.join(paths)}" if paths else "no module of it has one"
            raise InvalidBundleError(
                f"the folder {source.path} needs one {name} at the top of one of its modules, and {there}; or one "
                "module that defines predict. One "
                f"function of one file is served as {source.path.rstrip('/')}/FILE.py:FUNCTION; folders with "
                "other names are packed by `modelbundle render`"
            )
    return {name: paths[0] for name, paths in found.items()}


def _defined(file: Path) -> List[str]:
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, SyntaxError, ValueError):  # said when it is packed
        return []
    return [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _files(source: Source) -> List[Path]:
    modules = [getattr(module, "__file__", None) for module in modules_of_the_run().values()]
    return [Path(file) for file in [source.path or None, *modules] if file is not None]


def _create(source: Source, functions: Mapping[str, str], image: str, hinted: bool) -> str:
    if source.module:  # `create` takes files
        return ""
    words = ["modelbundle", "create", source.name, source.path, "--image", image]
    for name, value in functions.items():
        words += [f"--{name.replace('_', '-')}", value]
    return shlex.join(words + (["--type-hints"] if hinted else []))
