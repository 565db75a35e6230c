"""Which Python an image has, by its name, and what is said of a pickle that another one writes."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from launch.packing.env_params import env_params
from launch.packing.image_python import of_image, python_of

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def pytorch(tag: str) -> dict[str, Any]:
    return env_params({"framework_type": "pytorch", "pytorch_image_tag": tag})


def tensorflow(tag: str) -> dict[str, Any]:
    return env_params({"framework_type": "tensorflow", "tensorflow_version": tag})


def custom(image: str, tag: str) -> dict[str, Any]:
    return env_params({"framework_type": "custom_base_image", "ecr_repo": image, "image_tag": tag})


@pytest.mark.parametrize(
    ("given", "python"),
    [
        (pytorch("2.5.1-cuda12.4-cudnn9-runtime"), "3.11"),
        (pytorch("2.0.0-cuda11.7-cudnn8-runtime"), "3.10"),
        (pytorch("1.13.1-cuda11.6-cudnn8-runtime"), "3.10"),
        (pytorch("1.12.0-cuda11.3-cudnn8-runtime"), "3.7"),
        (pytorch("1.11.0-cuda11.3-cudnn8-runtime"), "3.8"),
        (pytorch("99.0.0-runtime"), ""),
        (pytorch("latest"), ""),
        (tensorflow("2.18.0"), "3.11"),
        (tensorflow("2.13.0-gpu"), "3.8"),
        (tensorflow("nightly"), ""),
        (custom("python", "3.12-slim"), "3.12"),
        (custom("registry.example.com:5000/hub/python", "3.9.18"), "3.9"),
        (custom("registry.example.com/team/model", "3.9"), ""),
        (custom("team/inference", "2.3.0-transformers4.48.0-cpu-py311-ubuntu22.04"), "3.11"),
        (custom("team/inference", "1.0-python3.10"), "3.10"),
        (custom("team/inference", "py3.8-cuda11"), "3.8"),
        (custom("team/inference", "24.01-py3"), ""),
        (custom("team/inference", "happy310"), ""),
        (custom("team/inference", f"sha256:{'0' * 64}"), ""),
    ],
)
def test_what_a_name_tells(given: dict[str, Any], python: str) -> None:
    assert python_of(given)[1] == python


def test_the_python_that_writes_is_compared() -> None:
    other = "3.8" if HERE != "3.8" else "3.9"
    (said,) = of_image(custom("python", f"{other}-slim"))
    assert said.startswith(f"the bundle was written by Python {HERE}, the image runs Python {other} (python:{other}")
    assert said.endswith("#python-mismatch]")
    assert of_image(custom("python", f"{HERE}-slim")) == []
    assert of_image(pytorch("latest")) == []
