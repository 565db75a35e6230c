"""Files of a model that the code reads: not there, not whole, or for another device or version."""

from __future__ import annotations

from tests.bundle_runtime.advice.code_failures import load_lines
from tests.bundle_runtime.advice.field.case import OWN_CODE, Case
from tests.bundle_runtime.advice.reading import Failure
from tests.bundle_runtime.advice.stand_ins import StandIn

_VALUE = ("ValueError", "Exception")
_OS = ("OSError", "Exception")
_POINTER = "version https://git-lfs.github.com/spec/v1"
_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title>"


def _unpickled(content: str) -> str:
    return load_lines("import pickle", f"pickle.loads({content})")


CASES = (
    Case(
        "lfs-pointer", "hhj1897/face_parsing#3", "A repository is cloned without Git LFS, and its weights are loaded.",
        OWN_CODE, Failure("weights-git-lfs", ("git lfs pull",), zip=_unpickled(f"b'{_POINTER}'")),
    ),
    Case(
        "lfs-pointer-safetensors", "haofanwang/Lora-for-Diffusers#3", "A safetensors file is a pointer of Git LFS.",
        OWN_CODE,
        StandIn("weights-git-lfs", "Error while deserializing header: HeaderTooLarge",
                types=("SafetensorError", "Exception")),
    ),
    Case(
        "html-page", "Daniil-Osokin/gccpm-look-into-person-cvpr19.pytorch#22",
        "A page of Google Drive is saved as the weights.", OWN_CODE,
        Failure("weights-html-page", ("curl --fail",), zip=_unpickled(f"b'{_PAGE}'")),
    ),
    Case(
        "checkpoint-cut-off", "CompVis/stable-diffusion#93", "A checkpoint is only in part there.", OWN_CODE,
        Failure("weights-cut-off", ("sha256",), zip=load_lines(
            "import io, numpy", "file = io.BytesIO()", "numpy.savez(file, a=numpy.arange(99))",
            "numpy.load(io.BytesIO(file.getvalue()[:300]))['a']")),
    ),
    Case(
        "hdf5-cut-off", "matterport/Mask_RCNN#653", "A download of weights in HDF5 was cut off.",
        'wrong: "/dev/shm is full"',
        StandIn("weights-cut-off", "Unable to open file (truncated file: eof = 7443, sblock->base_addr = 0, stored_eof "
                "= 25755)", types=_OS),
    ),
    Case(
        "onnx-path", "huggingface/optimum#1745", "The path in the code is not that of the ONNX file.", OWN_CODE,
        StandIn("model-file-not-there", "[ONNXRuntimeError] : 3 : NO_SUCHFILE : Load model from data/model.onnx "
                "failed:Load model data/model.onnx failed. File doesn't exist", types=("NoSuchFile", "Exception")),
    ),
    Case(
        "keras-path", "imfing/keras-flask-deploy-webapp#37", "A model of Keras is not where it is served.", OWN_CODE,
        StandIn("model-file-not-there", "SavedModel file does not exist at: ./models/a.h5/{saved_model.pbtxt|"
                "saved_model.pb}", types=_OS),
    ),
    Case(
        "no-config", "cooelf/Auto-GUI#12", "A folder of a transformer has no config.json.", OWN_CODE,
        StandIn("model-folder-incomplete", "./model does not appear to have a file named config.json. Checkout "
                "'https://huggingface.co/./model/None' for available files.", types=_OS),
    ),
    Case(
        "no-weights", "aws/sagemaker-huggingface-inference-toolkit#31",
        "A folder of a transformer has no file of weights with a known name.", OWN_CODE,
        StandIn("model-folder-incomplete", "Error no file named pytorch_model.bin, tf_model.h5 found in directory "
                "/opt/model.", types=_OS),
    ),
    Case(
        "onnx-version", "microsoft/onnxruntime#20559", "A model was written by a newer ONNX than the runtime's.",
        OWN_CODE,
        StandIn("onnx-version", "[ONNXRuntimeError] : 1 : FAIL : Load model from a.onnx failed: Unsupported model IR "
                "version: 10, max supported IR version: 9", types=("Fail", "Exception")),
    ),
    Case(
        "keras-layer", "bentoml/BentoML#1605", "A model of Keras with a layer of its own is loaded.", OWN_CODE,
        StandIn("keras-own-class", "Unknown layer: Attention. Please ensure this object is passed to the "
                "`custom_objects` argument.", types=_VALUE),
    ),
    Case(
        "half-on-cpu", "huggingface/text-generation-inference#1104", "A model in float16 is served without a GPU.",
        OWN_CODE, StandIn("half-precision-on-cpu", "\"LayerNormKernelImpl\" not implemented for 'Half'"),
    ),
    Case(
        "two-devices", "kserve/kserve#4571", "The model is on the GPU, and its inputs are not.", OWN_CODE,
        StandIn("two-devices", "Expected all tensors to be on the same device, but found at least two devices, cuda:0 "
                "and cpu!"),
    ),
    Case(
        "device-assert", "huggingface/text-generation-inference#965", "A token is beyond the vocabulary, on a GPU.",
        OWN_CODE, StandIn("index-outside-on-gpu", "CUDA error: device-side assert triggered"),
    ),
)  # fmt: skip
