"""The session of ONNX Runtime, of the file beside this one: the working directory is the bundle's."""

import onnxruntime


def load_model_fn():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession("model.onnx", options, providers=["CPUExecutionProvider"])
