"""A GPU that was there when the model was written, or that the driver, the build or the memory does not fit."""

from __future__ import annotations

import re
from typing import Optional, Tuple

from bundle_runtime.advice.row import ARTIFACT, FIELDS, SERVING, USER_CODE, Row, Symptom, Values, World

_GPU = "or serve it on a GPU (spec.serving.gpu.count)"


def _tried(symptom: Symptom, world: World) -> Optional[Values]:
    found = re.search(r"Tried to allocate ([\d.]+ [KMG]iB)", symptom.text)
    return {"tried": f" ({found[1]} more were asked for)" if found else ""}


ROWS: Tuple[Row, ...] = (
    Row(
        "cuda-tensor-without-gpu", USER_CODE, "It holds tensors of a GPU, and the container has none.",
        f"Move the model to the CPU before it is written (model.cpu(), model.to('cpu')), {_GPU}. Where the code itself "
        "calls torch.load, map_location='cpu' reads them.",
        error="RuntimeError", text="Attempting to deserialize object on a CUDA device but torch.cuda.is_available",
        edits=(ARTIFACT, SERVING),
    ),
    Row(
        "cuda-device-number", USER_CODE, "It asks for a GPU by a number that the container does not have.",
        "Write the model on the CPU or on cuda:0, and use torch.device('cuda') without a number in the code; "
        "or ask for more GPUs (spec.serving.gpu.count).",
        error="RuntimeError|AcceleratorError|AssertionError",
        text="Attempting to deserialize object on CUDA device \\d+|invalid device ordinal|Invalid device id",
        edits=(ARTIFACT, SERVING),
    ),
    Row(
        "no-gpu-driver", USER_CODE, "The code uses a GPU, and the container has none (no NVIDIA driver is seen).",
        f"Choose the device by torch.cuda.is_available(), {_GPU}.",
        error="RuntimeError|AssertionError|AcceleratorError|InternalError",
        text="Found no NVIDIA driver|No CUDA GPUs are available|no CUDA-capable device is detected",
        edits=(ARTIFACT, SERVING),
    ),
    Row(
        "torch-built-for-cpus", USER_CODE, "The code uses a GPU, and the PyTorch of the image is built for CPUs alone.",
        "Choose an image with a CUDA build ({image}; of pytorch/pytorch the tags with -cuda in them), or the device by "
        "torch.cuda.is_available() in the code.",
        error="AssertionError|RuntimeError", text="Torch not compiled with CUDA enabled|not compiled with CUDA",
    ),
    Row(
        "gpu-driver-too-old", USER_CODE, "The node's GPU driver is older than the image's CUDA needs.",
        "Choose an image with an older CUDA ({image}), or nodes with a newer driver (spec.serving.nodeSelector).",
        error="RuntimeError|AcceleratorError", edits=(FIELDS, SERVING),
        text="driver on your system is too old|driver version is insufficient|unsupported (toolchain|display driver)",
    ),
    Row(
        "gpu-too-new-or-old", USER_CODE, "The build of PyTorch, or of a package in the traceback, has no code for "
        "this kind of GPU.", "Choose an image whose build names the GPU's compute capability ({image}), or "
        "nodes with another kind of GPU (spec.serving.nodeSelector).",
        error="RuntimeError|AcceleratorError", edits=(FIELDS, SERVING),
        text="no kernel image is available|is not compatible with the current PyTorch",
    ),
    Row(
        "gpu-out-of-memory", USER_CODE, "The GPU's memory is full{tried}.",
        "Load in a smaller type (torch_dtype=torch.bfloat16, quantized), take nodes whose GPU has more memory "
        "(spec.serving.nodeSelector), or more GPUs (spec.serving.gpu.count) and a model that is spread over them. "
        "Another process on the same GPU takes its share.",
        asks=_tried, edits=(ARTIFACT, SERVING),
        text=r"CUDA out of memory|CUBLAS_STATUS_ALLOC_FAILED|CUDA_ERROR_OUT_OF_MEMORY|"
        "CUDA error: out of memory",
    ),
    Row(
        "apple-device", USER_CODE, "It was written on a Mac and is for the device mps, which Linux does not have.",
        "Move the model to the CPU before it is written (model.cpu()).",
        error="RuntimeError|NotImplementedError",
        text="(don't know how to restore data location of .*|device type at start of device string: |on an? )mps|"
        "PyTorch is not linked with support for mps|MPS backend",
        edits=(ARTIFACT,),
    ),
    Row(
        "bfloat16-on-old-gpu", USER_CODE, "This kind of GPU does not compute with bfloat16.",
        "Use torch.float16 (dtype=half) in the code, or nodes whose GPU has compute capability 8.0 or newer "
        "(spec.serving.nodeSelector).",
        error="ValueError|RuntimeError", edits=(ARTIFACT, SERVING),
        text="[Bb]float16 is only supported on GPUs with compute capability",
    ),
    Row(
        "half-precision-on-cpu", USER_CODE, "The model computes in half precision (float16), and this PyTorch has no "
        "code for that on CPUs.",
        f"Load it as float32 or bfloat16 where there is no GPU (torch_dtype=torch.float32, model.float()), {_GPU}.",
        error="RuntimeError", text=r"not implemented for '(Half|c10::Half)'", edits=(ARTIFACT, SERVING),
    ),
    Row(
        "two-devices", USER_CODE, "A part of the computation is on the GPU, another on the CPU.",
        "Move the model and each input to one device: x.to(next(model.parameters()).device).",
        error="RuntimeError", edits=(ARTIFACT,),
        text=r"Expected all tensors to be on the same device|Input type \(.*\) and weight type \(.*\) should be the "
        r"same",
    ),
    Row(
        "index-outside-on-gpu", USER_CODE, "An index is outside of its table, and the GPU cannot say which: a token "
        "that the model does not have, a text longer than its positions, a label beyond the classes.",
        "Run the same once on the CPU, which names it. Then take the model's own tokenizer, and have it cut the text "
        "(truncation=True). Until it is started again, the process can do nothing on the GPU.",
        text="device-side assert", edits=(ARTIFACT,),
    ),
)  # fmt: skip
