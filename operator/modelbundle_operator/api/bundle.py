"""`spec.bundle`: what runs. Locked as one object, so everything that changes the running model lives here.

Lists are atomic on purpose: with keyed lists the API server would take another order for the same value, and a stored
byte would have changed under the immutability rule. So are free-form maps (tools/crd.py says why).
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from bundle_spec.canonical import LARGEST_DOCUMENT
from modelbundle_operator.api.base import ApiModel, Rule, rules

NAME = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
NAME_MAX = 52
TAG = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?$"
DIGEST = r"^sha256:[0-9a-f]{64}$"
DOTTED_PATH = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$"
DOCUMENT_MAX = LARGEST_DOCUMENT

NAME_RULES = (
    Rule(
        f"size(self.metadata.name) <= {NAME_MAX} && self.metadata.name.matches('{NAME}')",
        f"metadata.name must be a DNS-1035 label of at most {NAME_MAX} characters (lowercase letters, digits and -, a"
        " letter first), as it names the Deployment and the Service",
    ),
)

ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
ENV_NAME_RULES = (
    Rule(
        "!self.matches('^(PYTHON|LD_|MODELBUNDLE_)|^(PATH|HOME|TMPDIR)$')",
        "PYTHON*, LD_*, MODELBUNDLE_*, PATH, HOME and TMPDIR belong to the runtime: choose another name",
    ),
    Rule(
        "!self.matches('^(NVIDIA|HIP|ROCR|HABANA)_')",
        "NVIDIA_*, HIP_*, ROCR_* and HABANA_* say which devices a container sees, and belong to the device plugin: ask"
        " for devices in serving.gpu, and choose among them with CUDA_VISIBLE_DEVICES",
    ),
)
ENV_ONCE = Rule("self.all(e, self.exists_one(other, other.name == e.name))", "env names each variable once")

FreeForm = Annotated[dict[str, Any], Field(max_length=1024)]
Tag = Annotated[str, Field(min_length=1, max_length=200, pattern=TAG)]
FunctionPath = Annotated[str, Field(max_length=256, pattern=DOTTED_PATH)]

_CLEARABLE_VERSION = r"^[0-9]+(\.[0-9]+){1,2}$"


class Artifact(ApiModel):
    """The packed function and model."""

    uri: str = Field(
        min_length=1,
        max_length=2048,
        pattern=r"^[a-z][a-z0-9+.-]*://[^\s]+$",
        description="Where the artifact lies, such as s3://models/sentiment/bundle.pkl. Not part of the digest.",
    )
    sha256: str = Field(
        max_length=128,
        description="SHA-256 of the artifact's bytes, 64 lowercase hex digits. Checked before a byte is used.",
        json_schema_extra=rules(
            Rule(
                "self.matches('^[0-9a-f]{64}$')",
                "sha256 must be 64 lowercase hex digits; `sha256sum FILE` prints them",
            )
        ),
    )
    packaging: Literal["cloudpickle", "zip"] = Field(
        description="cloudpickle: one pickle that holds the functions. zip: a directory of modules; needs loadPredictFn"
        " and loadModelFn."
    )
    python_version: str | None = Field(
        default=None,
        max_length=16,
        pattern=r"^3\.[0-9]{1,2}(\.[0-9]{1,3})?$",
        description='Python that wrote the pickle, such as "3.11". Compared with the image\'s before loading.',
    )
    cloudpickle_version: str | None = Field(
        default=None,
        max_length=32,
        pattern=_CLEARABLE_VERSION,
        description='cloudpickle that wrote the pickle, such as "3.1.2".',
    )


class CloneFrom(ApiModel):
    """The bundle that this one is derived from, in the same namespace."""

    name: str = Field(max_length=NAME_MAX, pattern=NAME, description="Name of the base ModelBundle.")
    digest: str | None = Field(
        default=None,
        max_length=71,
        pattern=DIGEST,
        description="status.digest that the base must have; a base with another content is refused.",
    )


class CustomBaseImage(ApiModel):
    """An image of your own that holds Python and what the model needs."""

    repository: str = Field(
        min_length=1,
        max_length=255,
        pattern=r"^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?$",
        description="Image without tag and digest, such as registry.example.com/team/image.",
        json_schema_extra=rules(
            Rule(
                "!self.contains('://')", "repository begins with the registry's host: leave out the https:// before it"
            ),
            Rule("!self.matches(':[^/]*$')", "repository has no tag: write what follows its last colon as the tag"),
        ),
    )
    tag: str | None = Field(
        default=None,
        max_length=128,
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$",
        description="Tag of the image. A tag can move: give a digest as well, or instead, to be exact.",
    )
    digest: str | None = Field(default=None, max_length=71, pattern=DIGEST, description="Digest of the image.")

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("has(self.tag) || has(self.digest)", "customBaseImage needs a tag, a digest, or both"),
    )


class EnvParams(ApiModel):
    """The image that the worker runs in."""

    framework_type: Literal["pytorch", "tensorflow", "custom_base_image"] = Field(
        description="pytorch with pytorchImageTag, tensorflow with tensorflowVersion, custom_base_image with"
        " customBaseImage."
    )
    pytorch_image_tag: Tag | None = Field(
        default=None,
        description="Tag of the pytorch/pytorch image, such as 1.7.1-cuda11.0-cudnn8-runtime; TAG@sha256:... pins it.",
    )
    tensorflow_version: Tag | None = Field(
        default=None, description="Tag of the tensorflow/tensorflow image, such as 2.15.0; TAG@sha256:... pins it."
    )
    custom_base_image: CustomBaseImage | None = None

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.frameworkType != 'pytorch' || has(self.pytorchImageTag)",
            "frameworkType pytorch needs pytorchImageTag, the tag of a pytorch/pytorch image",
        ),
        Rule(
            "self.frameworkType != 'tensorflow' || has(self.tensorflowVersion)",
            "frameworkType tensorflow needs tensorflowVersion, the tag of a tensorflow/tensorflow image",
        ),
        Rule(
            "self.frameworkType != 'custom_base_image' || has(self.customBaseImage)",
            "frameworkType custom_base_image needs customBaseImage with repository and tag or digest",
        ),
        Rule(
            "self.frameworkType == 'pytorch' || !has(self.pytorchImageTag)",
            "pytorchImageTag goes with frameworkType pytorch only: remove it or change frameworkType",
        ),
        Rule(
            "self.frameworkType == 'tensorflow' || !has(self.tensorflowVersion)",
            "tensorflowVersion goes with frameworkType tensorflow only: remove it or change frameworkType",
        ),
        Rule(
            "self.frameworkType == 'custom_base_image' || !has(self.customBaseImage)",
            "customBaseImage goes with frameworkType custom_base_image only: remove it or change frameworkType",
        ),
    )


class EnvVar(ApiModel):
    """A plain environment variable of the worker."""

    name: str = Field(
        min_length=1,
        max_length=128,
        pattern=ENV_NAME,
        description="Name. PYTHON*, LD_*, MODELBUNDLE_*, PATH, HOME and TMPDIR are the runtime's own; NVIDIA_*, HIP_*,"
        " ROCR_* and HABANA_* the device plugin's.",
        json_schema_extra=rules(*ENV_NAME_RULES),
    )
    value: str = Field(max_length=8192, description="Value, taken literally. Keys of Secrets go into spec.serving.env.")


class Bundle(ApiModel):
    """What runs: artifact, image, requirements, configuration and schemas."""

    artifact: Artifact | None = None
    clone_from: CloneFrom | None = None
    env_params: EnvParams | None = None
    requirements: list[Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9][^\r\n]*$")]] | None = (
        Field(
            default=None,
            max_length=512,
            description="Python requirements that the image may lack, one PEP 508 line each.",
        )
    )
    app_config: FreeForm | None = Field(
        default=None,
        description="Passed to the load functions. Free-form; where exact JSON values matter, use appConfigJSON.",
    )
    app_config_json: str | None = Field(
        default=None,
        alias="appConfigJSON",
        min_length=1,
        max_length=DOCUMENT_MAX,
        description="appConfig as a JSON text, for values that kubectl would change: 1.0, null, large integers.",
    )
    env: list[EnvVar] | None = Field(
        default=None,
        max_length=128,
        description="Plain environment variables of the worker. They change what runs, so they are part of the bundle.",
        json_schema_extra=rules(ENV_ONCE),
    )
    load_predict_fn: FunctionPath | None = Field(
        default=None, description="For zip: module path of load_predict_fn, such as predict.my_load_predict_fn."
    )
    load_model_fn: FunctionPath | None = Field(
        default=None, description="For zip: module path of load_model_fn, such as model.my_load_model_fn."
    )
    request_schema: FreeForm | None = Field(
        default=None, description="JSON Schema (2020-12) of a request. Comes with responseSchema, or not at all."
    )
    response_schema: FreeForm | None = Field(
        default=None, description="JSON Schema (2020-12) of a prediction. Comes with requestSchema, or not at all."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.artifact) != has(self.cloneFrom)",
            "spec.bundle needs exactly one of artifact (a bundle of its own) and cloneFrom (a bundle to start from)",
        ),
        Rule(
            "!has(self.artifact) || has(self.envParams)",
            "spec.bundle with an artifact needs envParams: the image that the worker runs in",
        ),
        Rule(
            "!has(self.artifact) || self.artifact.packaging != 'zip'"
            " || (has(self.loadPredictFn) && has(self.loadModelFn))",
            "packaging zip needs loadPredictFn and loadModelFn, such as predict.my_load_predict_fn and"
            " model.my_load_model_fn",
        ),
        Rule(
            "!has(self.artifact) || self.artifact.packaging == 'zip'"
            " || (!has(self.loadPredictFn) && !has(self.loadModelFn))",
            "loadPredictFn and loadModelFn go with packaging zip only: a cloudpickle has its functions. Remove them",
        ),
    )


def too_large(size: int) -> str:
    """The message for a bundle of this many bytes as canonical JSON, more than DOCUMENT_MAX."""
    return (
        f"spec.bundle: {size} bytes as canonical JSON, {DOCUMENT_MAX} are allowed. Put large values into the artifact,"
        " in a new bundle under a new name."
    )
