"""`python examples/onnx/train.py` trains a classifier of scikit-learn and writes it as ONNX, as bundle/model.onnx."""

from pathlib import Path

from onnx import TensorProto, checker, helper, numpy_helper, save
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

IRIS = load_iris()


def trained():
    """The model as scikit-learn has it."""
    return LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)


def exported(model):
    """Its formula in ONNX: softmax(x W + b)."""
    weights = numpy_helper.from_array(model.coef_.T.astype("float32"), "weights")
    bias = numpy_helper.from_array(model.intercept_.astype("float32"), "bias")
    nodes = [
        helper.make_node("Gemm", ["measurements", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    inputs = [helper.make_tensor_value_info("measurements", TensorProto.FLOAT, ["rows", 4])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 3])]
    graph = helper.make_graph(nodes, "iris", inputs, outputs, [weights, bias])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(made)
    return made


if __name__ == "__main__":
    file = Path(__file__).resolve().parent / "bundle" / "model.onnx"
    save(exported(trained()), file)
    print(f"wrote {file}")
