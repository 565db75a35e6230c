"""What `create` and `render` share: a bundle described by options, from a Python file's functions or from folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar

import click

from launch.api.interruption import raise_on_interruption
from launch.bundle.manifest import read_value
from launch.cli.completing import files
from launch.cli.user_code import modules_of_the_run, printing_to_stderr, run_file, warnings_as_lines
from launch.client import LaunchClient
from launch.errors import InvalidBundleError
from launch.model_bundle import ModelBundle
from launch.packing.notebook import NOTEBOOK
from launch.packing.schemas.type_hints import schemas_of_hints

SOURCES = (".py", NOTEBOOK)

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("name"),
    click.argument("source", nargs=-1, required=True, metavar="FILE.py | FILE.ipynb | DIR...", shell_complete=files),
    click.option("--load-predict-fn", metavar="FN", help="In FILE.py, or for folders its dotted path."),
    click.option("--load-model-fn", metavar="FN", help="In FILE.py, or for folders its dotted path."),
    click.option("--model", metavar="NAME", help="In FILE.py: the model itself, in place of --load-model-fn."),
    click.option("--predict-fn", metavar="FN", help="In FILE.py: predict_fn itself, in place of all of these."),
    click.option("--pytorch-image-tag", metavar="TAG", help="Serve in pytorch/pytorch:TAG."),
    click.option("--tensorflow-version", metavar="TAG", help="Serve in tensorflow/tensorflow:TAG."),
    click.option("--image", metavar="REPOSITORY:TAG", help="Serve in an image of your own; @sha256:... pins it."),
    click.option(
        "--requirements",
        metavar="FILE",
        shell_complete=files,
        help="pip's lines; else what your functions import is looked up.",
    ),
    click.option(
        "--app-config", metavar="FILE", shell_complete=files, help="JSON or YAML, handed to the load functions."
    ),
    click.option(
        "--request-schema",
        metavar="NAME|FILE",
        shell_complete=files,
        help="A pydantic model in FILE.py, or a JSON Schema file.",
    ),
    click.option(
        "--response-schema", metavar="NAME|FILE", shell_complete=files, help="The same for predictions. Both or none."
    ),
    click.option(
        "--artifact-uri", metavar="URI", help="Where artifacts go; else LAUNCH_ARTIFACT_URI's, the cluster's."
    ),
    click.option("--accept-store", is_flag=True, help="Use the namespace's own store from now on."),
    click.option("--type-hints", is_flag=True, help="Schemas of the type hints of --predict-fn, where none is given."),
)


def packing_options(command: Command) -> Command:
    """The options of `create` and `render` that say what is packed, and how it runs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def packed_by(client: LaunchClient, given: Mapping[str, Any]) -> ModelBundle:
    """The client's create method for these options. From here on an interruption leaves no temporary files."""
    raise_on_interruption()
    folders = [Path(word) for word in given["source"]]
    with printing_to_stderr(), warnings_as_lines():
        if len(folders) == 1 and folders[0].suffix in SOURCES:
            return packed_names(client, run_file(folders[0]), str(folders[0]), given)
        return packed_folders(client, [str(folder) for folder in folders], given)


def packed_names(client: LaunchClient, names: Mapping[str, Any], where: str, given: Mapping[str, Any]) -> ModelBundle:
    """The client's create method for what a file, which ran already, has defined; `where` names it in messages."""
    functions = {
        "load_predict_fn": given["load_predict_fn"],
        "load_model_fn": given["load_model_fn"],
        "model": given["model"],
        "predict_fn_or_cls": given["predict_fn"],
    }
    found = {name: _of(names, word, where) for name, word in functions.items() if word is not None}
    request, response = _schema(given["request_schema"], names), _schema(given["response_schema"], names)
    if given.get("type_hints") and request is None and response is None:
        request, response = _hinted(found.get("predict_fn_or_cls"))
    return client.create_model_bundle(
        given["name"],
        env_params_given(given),
        requirements=requirements_given(given["requirements"]),
        app_config=given["app_config"],
        globals_copy=modules_of_the_run(),
        request_schema=request,
        response_schema=response,
        **found,
    )


def packed_folders(client: LaunchClient, folders: List[str], given: Mapping[str, Any]) -> ModelBundle:
    """The client's create method for folders."""
    for option in ("model", "predict_fn"):
        if given[option] is not None:
            raise click.UsageError(
                f"--{option.replace('_', '-')} is for a Python file or a notebook; folders need --load-predict-fn and "
                "--load-model-fn, such as predict.load_predict_fn and model.load_model_fn"
            )
    for option in ("load_predict_fn", "load_model_fn"):
        if given[option] is None:
            raise click.UsageError(f"folders need --{option.replace('_', '-')}, such as predict.{option}")
    return client.create_model_bundle_from_dirs(
        model_bundle_name=given["name"],
        base_paths=folders,
        requirements_path=given["requirements"],
        env_params=env_params_given(given),
        load_predict_fn_module_path=given["load_predict_fn"],
        load_model_fn_module_path=given["load_model_fn"],
        app_config=given["app_config"],
        request_schema=_schema(given["request_schema"], {}),
        response_schema=_schema(given["response_schema"], {}),
    )


def _hinted(predict_fn: Any) -> Tuple[Any, Any]:
    hinted = schemas_of_hints(predict_fn) if predict_fn is not None else None
    if hinted is None:
        return None, None
    for line in hinted.said:
        click.echo(line, err=True)
    return hinted.request, hinted.response


def _of(names: Mapping[str, Any], word: str, file: str) -> Any:
    if word not in names:
        known = ", ".join(name for name in names if not name.startswith("_"))
        raise InvalidBundleError(f"{file} has no {word}; it has {known or 'nothing'}")
    return names[word]


def _schema(word: Optional[str], names: Mapping[str, Any]) -> Any:
    if word is None:
        return None
    return names[word] if word in names else read_value(Path(word))


def requirements_given(file: Optional[str]) -> Optional[List[str]]:
    """The entries of --requirements FILE; None where it is not given."""
    from launch.packing.app_config import requirements_of_file

    if file is None:
        return None
    found, problems = requirements_of_file(file, [])
    if problems:
        raise InvalidBundleError("; ".join(problems))
    return found


def env_params_given(given: Mapping[str, Any]) -> Dict[str, Any]:
    """What the three options say that name an image, of which one must be given."""
    images = {name: given[name] for name in ("pytorch_image_tag", "tensorflow_version", "image") if given[name]}
    if len(images) != 1:
        raise click.UsageError("give exactly one of --pytorch-image-tag, --tensorflow-version and --image")
    if "pytorch_image_tag" in images:
        return {"framework_type": "pytorch", **images}
    if "tensorflow_version" in images:
        return {"framework_type": "tensorflow", **images}
    name, at, digest = images["image"].partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, ""
    return {
        "framework_type": "custom_base_image",
        "ecr_repo": repository,
        "image_tag": tag + (at + digest if at else ""),
    }
