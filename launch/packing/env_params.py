"""env_params as Launch writes them become spec.bundle.envParams: the image that the worker runs in.

The rules are the custom resource's own, said in the client's words, so that a mistake shows before anything is
uploaded.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, Dict, Optional, Tuple

from launch.errors import InvalidBundleError, WrongTypeError

_FRAMEWORKS = {
    "pytorch": ("pytorch_image_tag",),
    "tensorflow": ("tensorflow_version",),
    "custom_base_image": ("ecr_repo", "image_tag"),
}
_MEANING = {
    "pytorch_image_tag": "the tag of a pytorch/pytorch image, such as 2.5.1-cuda12.4-cudnn9-runtime",
    "tensorflow_version": "the tag of a tensorflow/tensorflow image, such as 2.15.0",
    "ecr_repo": "the image without https:// and without its tag, such as registry.example.com/team/image",
    "image_tag": "the tag of that image, TAG@sha256:... to be exact, or sha256:... alone",
}
_DIGEST = r"sha256:[0-9a-f]{64}"
_PATTERNS = {
    "pytorch_image_tag": rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}(@{_DIGEST})?",
    "tensorflow_version": rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}(@{_DIGEST})?",
    "ecr_repo": r"(?=.{1,255}$)(?!.*://)(?!.*:[^/]*$)[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?",
    "image_tag": rf"(?!sha256:)[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}(@{_DIGEST})?|{_DIGEST}",
}
_V2_NAMES = {"ecr_repo": "custom_base_image_repository", "image_tag": "custom_base_image_tag"}


def env_params(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Of the keys framework_type, pytorch_image_tag, tensorflow_version, ecr_repo, image_tag; None is as if absent.

    InvalidBundleError says which key is unknown, missing or of another framework; WrongTypeError when it is not a
    mapping, or a value is not a string.
    """
    if not isinstance(given, Mapping):
        raise WrongTypeError(
            f"env_params is a {type(given).__name__}: give a dict, such as "
            '{"framework_type": "pytorch", "pytorch_image_tag": "2.5.1-cuda12.4-cudnn9-runtime"}'
        )
    _refuse_unknown(given)
    values = {key: value for key, value in given.items() if value is not None}
    framework = values.pop("framework_type", None)
    if framework is None:
        raise InvalidBundleError(f"env_params needs framework_type: one of {_either(_FRAMEWORKS)}")
    if not isinstance(framework, str) or framework not in _FRAMEWORKS:
        raise InvalidBundleError(f"framework_type is {framework!r}: it must be {_either(_FRAMEWORKS)}")
    for key in values:
        if key not in _FRAMEWORKS[framework]:
            owner = next(name for name, keys in _FRAMEWORKS.items() if key in keys)
            raise InvalidBundleError(
                f"{key} goes with framework_type {owner} only: remove it or change framework_type (it is {framework})"
            )
    for key in _FRAMEWORKS[framework]:
        if not values.get(key):
            raise InvalidBundleError(f"framework_type {framework} needs {key}, {_MEANING[key]}")
    return _checked(framework, values, {})


def from_v2(
    pytorch_image_tag: Optional[str] = None,
    tensorflow_version: Optional[str] = None,
    custom_base_image_repository: Optional[str] = None,
    custom_base_image_tag: Optional[str] = None,
) -> Dict[str, Any]:
    """Of the four arguments of the v2 methods; InvalidBundleError unless they name exactly one framework."""
    values = {
        "pytorch_image_tag": pytorch_image_tag,
        "tensorflow_version": tensorflow_version,
        "ecr_repo": custom_base_image_repository,
        "image_tag": custom_base_image_tag,
    }
    values = {key: value for key, value in values.items() if value is not None}
    chosen = [name for name, keys in _FRAMEWORKS.items() if any(key in values for key in keys)]
    if len(chosen) != 1:
        named = ", ".join(_V2_NAMES.get(key, key) for key in values) or "none"
        raise InvalidBundleError(
            "give exactly one framework: pytorch_image_tag, tensorflow_version, or custom_base_image_repository with "
            f"custom_base_image_tag (given: {named})"
        )
    for key in _FRAMEWORKS[chosen[0]]:
        if not values.get(key):
            name = _V2_NAMES.get(key, key)
            raise InvalidBundleError(f"the framework {chosen[0]} needs {name}, {_MEANING[key]}")
    return _checked(chosen[0], values, _V2_NAMES)


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    known = ["framework_type", *(key for keys in _FRAMEWORKS.values() for key in keys)]
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key)).lower(), known, 1, 0.6)
            advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise InvalidBundleError(f"env_params has the unknown key {key!r}: {advice}")


def _checked(framework: str, values: Mapping[str, Any], names: Mapping[str, str]) -> Dict[str, Any]:
    for key, value in values.items():
        name = names.get(key, key)
        if not isinstance(value, str):
            raise WrongTypeError(f"{name} is the {type(value).__name__} {value!r}: write it in quotes")
        if not re.fullmatch(_PATTERNS[key], value):
            raise InvalidBundleError(f"{name} is {value!r}: it must be {_MEANING[key]}")
    fields: Dict[str, Any] = {"frameworkType": framework}
    if framework == "pytorch":
        fields["pytorchImageTag"] = values["pytorch_image_tag"]
    elif framework == "tensorflow":
        fields["tensorflowVersion"] = values["tensorflow_version"]
    else:
        tag, digest = _tag_and_digest(values["image_tag"])
        image = {"repository": values["ecr_repo"], "tag": tag, "digest": digest}
        fields["customBaseImage"] = {key: value for key, value in image.items() if value}
    return fields


def _tag_and_digest(text: str) -> Tuple[str, str]:
    """The custom resource keeps them apart."""
    if text.startswith("sha256:"):
        return "", text
    tag, _, digest = text.partition("@")
    return tag, digest


def _either(words: Mapping[str, Any]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"
