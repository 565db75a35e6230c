"""Arrays of NumPy, torch, JAX and TensorFlow, recognised by what they can do: nothing is imported for them but NumPy,
and that only when the image has it."""

from __future__ import annotations

import importlib
import sys
from typing import Any


def numpy() -> Any:
    """The image's NumPy; None when it has none."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        return None


def is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def holds_masked(value: Any) -> bool:
    """A NumPy masked array with an element that is masked: the number under it is not to be shown."""
    module = sys.modules.get("numpy.ma")
    return module is not None and isinstance(value, module.MaskedArray) and bool(module.is_masked(value))


def as_numpy(value: Any) -> Any:
    """A NumPy array; lists where the image lacks NumPy, or where the elements are not plain numbers."""
    if callable(getattr(value, "detach", None)):  # torch: off the graph and the GPU
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # which NumPy does not have
            value = value.float()
    module = numpy()
    if module is None or type(value).__module__.partition(".")[0] in ("pandas", "polars"):
        return value.tolist() if hasattr(value, "tolist") else value.to_list()
    return module.asarray(value)


def little_endian(value: Any) -> bytes:
    """A NumPy array's elements, row major."""
    data: bytes = value.astype(value.dtype.newbyteorder("<"), copy=False).tobytes()
    return data
