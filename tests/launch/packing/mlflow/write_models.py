"""Run in an environment with MLflow: `python write_models.py DIR NAME...` writes each model, and beside it NAME.json,
requests with the answers of the library itself, asked without MLflow."""

import json
import sys
import warnings
from pathlib import Path

import mlflow.pyfunc
import mlflow.sklearn
import numpy
import pandas
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore")
IRIS = load_iris(as_frame=True)
SOME = IRIS.data.iloc[::40]


def classifier(data):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(data, IRIS.target)


def rows(answers, data=SOME):
    """One request for each row, by its columns."""
    return list(zip(data.to_dict("records"), numpy.asarray(answers).tolist(), strict=True))


def sklearn_table(path):
    model = classifier(IRIS.data)
    signature = infer_signature(IRIS.data, model.predict_proba(IRIS.data))
    mlflow.sklearn.save_model(model, path, signature=signature, pyfunc_predict_fn="predict_proba")
    return rows(model.predict_proba(SOME))


def sklearn_cloudpickle(path):
    model = classifier(IRIS.data)
    mlflow.sklearn.save_model(
        model, path, signature=infer_signature(IRIS.data, model.predict(SOME)), serialization_format="cloudpickle"
    )
    return rows(model.predict(SOME))


def sklearn_tensor(path):
    model = classifier(IRIS.data.to_numpy())
    signature = infer_signature(IRIS.data.to_numpy(), model.predict(SOME.to_numpy()))
    mlflow.sklearn.save_model(model, path, signature=signature)
    data = SOME.to_numpy()
    pairs = zip(data.tolist(), model.predict(data).tolist(), strict=True)
    return [({"inputs": row}, answer) for row, answer in pairs]


def no_signature(path):
    model = classifier(IRIS.data.to_numpy())
    mlflow.sklearn.save_model(model, path)
    return [({"inputs": SOME.to_numpy().tolist()}, model.predict(SOME.to_numpy()).tolist())]


def xgboost(path):
    import mlflow.xgboost
    from xgboost import XGBClassifier

    model = XGBClassifier(n_estimators=5).fit(IRIS.data, IRIS.target)
    signature = infer_signature(IRIS.data, model.predict(SOME))
    packages = ["pandas", "scikit-learn", "xgboost-cpu"]  # MLflow would name xgboost too, of gigabytes
    mlflow.xgboost.save_model(model, path, signature=signature, pip_requirements=packages)
    missing = SOME.assign(**{"petal width (cm)": numpy.nan})
    asked = [({**row, "petal width (cm)": None}, answer) for row, answer in rows(model.predict(missing), missing)]
    return rows(model.predict(SOME)) + asked


def lightgbm(path):
    import lightgbm
    import mlflow.lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(IRIS.data, IRIS.target).booster_
    mlflow.lightgbm.save_model(model, path, signature=infer_signature(IRIS.data, model.predict(SOME)))
    return rows(model.predict(SOME))


def onnx(path):
    import mlflow.onnx
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    weights = numpy.arange(12, dtype="float32").reshape(4, 3)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor("w", TensorProto.FLOAT, [4, 3], weights.ravel().tolist())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    data = SOME.to_numpy().astype("float32")
    (answers,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": data})
    mlflow.onnx.save_model(model, path, signature=infer_signature({"x": data}, {"y": answers}))
    return [({"x": row}, {"y": answer}) for row, answer in zip(data.tolist(), answers.tolist(), strict=True)]


def python_model(path):
    class Greeting(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            people = model_input.to_dict("records")
            return [f"{params['word']}, {person['name']} of {person['age']}" for person in people]

    table = pandas.DataFrame({"name": ["Ada"], "age": [36]})
    signature = infer_signature(table, ["Hello"], params={"word": "Hello"})
    mlflow.pyfunc.save_model(path, python_model=Greeting(), signature=signature)
    asked = {"name": "Ada", "age": 36}
    return [(asked, "Hello, Ada of 36"), ({**asked, "params": {"word": "Bye"}}, "Bye, Ada of 36")]


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    for name in sys.argv[2:]:
        asked = globals()[name](str(directory / name))
        (directory / f"{name}.json").write_text(json.dumps(asked))
