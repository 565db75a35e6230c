"""What Launch calls env_params, in both spellings, and the words for what is wrong with them."""

from __future__ import annotations

import pytest
from modelbundle_operator.api.bundle import EnvParams

from launch.errors import InvalidBundleError, WrongTypeError
from launch.packing.env_params import env_params, from_v2

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (
            {"framework_type": "pytorch", "pytorch_image_tag": "1.7.1-cuda11.0-cudnn8-runtime"},
            {"frameworkType": "pytorch", "pytorchImageTag": "1.7.1-cuda11.0-cudnn8-runtime"},
        ),
        (
            {"framework_type": "tensorflow", "tensorflow_version": "2.3.0", "ecr_repo": None, "image_tag": None},
            {"frameworkType": "tensorflow", "tensorflowVersion": "2.3.0"},
        ),
        (
            {"framework_type": "pytorch", "pytorch_image_tag": f"2.5.1@{DIGEST}"},
            {"frameworkType": "pytorch", "pytorchImageTag": f"2.5.1@{DIGEST}"},
        ),
        (
            {"framework_type": "custom_base_image", "ecr_repo": "host:5000/team/image", "image_tag": "v1"},
            {
                "frameworkType": "custom_base_image",
                "customBaseImage": {"repository": "host:5000/team/image", "tag": "v1"},
            },
        ),
        (
            {"framework_type": "custom_base_image", "ecr_repo": "image", "image_tag": f"v1@{DIGEST}"},
            {
                "frameworkType": "custom_base_image",
                "customBaseImage": {"repository": "image", "tag": "v1", "digest": DIGEST},
            },
        ),
        (
            {"framework_type": "custom_base_image", "ecr_repo": "image", "image_tag": DIGEST},
            {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "image", "digest": DIGEST}},
        ),
    ],
)
def test_env_params_become_fields_that_the_custom_resource_takes(given, fields):
    assert env_params(given) == fields
    assert EnvParams.model_validate(fields).model_dump(by_alias=True, exclude_none=True) == fields


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs framework_type: one of pytorch, tensorflow or custom_base_image"),
        ({"framework_type": None}, "needs framework_type"),
        ({"framework_type": "jax"}, "framework_type is 'jax': it must be pytorch, tensorflow or custom_base_image"),
        ({"framework_type": "pytorch"}, "framework_type pytorch needs pytorch_image_tag, the tag of a pytorch/pytorch"),
        ({"framework_type": "tensorflow", "tensorflow_version": ""}, "needs tensorflow_version"),
        ({"framework_type": "custom_base_image", "image_tag": "v1"}, "needs ecr_repo"),
        ({"framework_type": "custom_base_image", "ecr_repo": "image"}, "needs image_tag"),
        (
            {"framework_type": "pytorch", "pytorch_image_tag": "1", "tensorflow_version": "2"},
            "tensorflow_version goes with framework_type tensorflow only: remove it or change framework_type",
        ),
        ({"framework_type": "pytorch", "pytorch_tag": "1"}, "'pytorch_tag': did you mean pytorch_image_tag"),
        ({"frameworkType": "pytorch"}, "'frameworkType': did you mean framework_type"),
        ({"framework_type": "pytorch", "gpus": 1}, "unknown key 'gpus': there are framework_type, pytorch_image_tag"),
        ({"framework_type": "pytorch", "pytorch_image_tag": "a b"}, "pytorch_image_tag is 'a b': it must be the tag"),
        ({"framework_type": "custom_base_image", "ecr_repo": "UPPER", "image_tag": "1"}, "ecr_repo is 'UPPER'"),
        (
            {"framework_type": "custom_base_image", "ecr_repo": "team/image:1", "image_tag": "1"},
            "ecr_repo is 'team/image:1': it must be the image without https:// and without its tag",
        ),
        (
            {"framework_type": "custom_base_image", "ecr_repo": "https://host/image", "image_tag": "1"},
            "ecr_repo is 'https://host/image'",
        ),
    ],
)
def test_what_makes_no_image_is_refused_in_the_rules_words(given, said):
    with pytest.raises(InvalidBundleError, match=said):
        env_params(given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("pytorch", "env_params is a str: give a dict"),
        (None, "env_params is a NoneType"),
        ({"framework_type": "tensorflow", "tensorflow_version": 2.10}, r"is the float 2\.1: write it in quotes"),
    ],
)
def test_other_types_are_type_errors(given, said):
    with pytest.raises(WrongTypeError, match=said):
        env_params(given)


def test_the_second_version_names_its_framework_by_its_argument():
    assert from_v2(pytorch_image_tag="1.7.1") == {"frameworkType": "pytorch", "pytorchImageTag": "1.7.1"}
    assert from_v2(tensorflow_version="2.3.0") == {"frameworkType": "tensorflow", "tensorflowVersion": "2.3.0"}
    assert from_v2(custom_base_image_repository="image", custom_base_image_tag="v1") == {
        "frameworkType": "custom_base_image",
        "customBaseImage": {"repository": "image", "tag": "v1"},
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, r"exactly one framework: .* \(given: none\)"),
        ({"pytorch_image_tag": "1", "tensorflow_version": "2"}, r"\(given: pytorch_image_tag, tensorflow_version\)"),
        ({"pytorch_image_tag": "1", "custom_base_image_tag": "2"}, r"\(given: .*, custom_base_image_tag\)"),
        ({"custom_base_image_tag": "2"}, "needs custom_base_image_repository"),
        (
            {"custom_base_image_repository": "a b", "custom_base_image_tag": "2"},
            "custom_base_image_repository is 'a b'",
        ),
    ],
)
def test_the_second_version_takes_exactly_one_framework(given, said):
    with pytest.raises(InvalidBundleError, match=said):
        from_v2(**given)
