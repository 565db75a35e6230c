"""Serves a model that MLflow wrote. `modelbundle import mlflow` puts this file beside it into the bundle, as it is.

A request is one row of the inputs that the model's signature names; without a signature it is `inputs`, as a whole. The
model is loaded and asked by MLflow itself, so its checks of types hold, and its answers are its own.
"""

import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
# the loaders of libraries whose predict() gives a row of the result for each row that it gets
OF_ROWS = ("mlflow.sklearn", "mlflow.xgboost", "mlflow.lightgbm", "mlflow.onnx")
UNNAMED, PARAMS = "inputs", "params"


def load_model_fn():
    """The model; MLflow sends no usage data from a pod."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(HERE / "model"))


def load_predict_fn(model):
    """What answers the requests."""
    signature = model.metadata.signature
    inputs = signature.inputs.to_dict() if signature is not None and signature.inputs is not None else []
    params = bool(getattr(signature, "params", None))
    if not inputs:
        return lambda inputs: model.predict(_guessed(inputs))
    if not all(entry["type"] != "tensor" or list(entry["tensor-spec"]["shape"])[:1] == [-1] for entry in inputs):
        return Whole(model, inputs, params)
    return Rows(model, inputs, params)


class Whole:
    """A model whose inputs have a fixed size: a request is all of them."""

    def __init__(self, model, inputs, params):
        self.model, self.inputs, self.params = model, inputs, params

    def __call__(self, **fields):
        return _asked(self.model, _tensors(self.inputs, [fields], whole=True), fields if self.params else {})


class Rows:
    """A model whose inputs are rows: those of several requests are one call, where the library counts rows as well."""

    def __init__(self, model, inputs, params):
        self.model, self.inputs, self.params = model, inputs, params
        self.max_batch_size = 64 if model.loader_module in OF_ROWS else 1

    def predict_batch(self, rows):
        """A result for each row; rows of one form (fields, shapes, params) are asked together."""
        groups = {}
        for index, row in enumerate(rows):
            row = {name: value for name, value in row.items() if not self._is_left_out(name, value)}
            groups.setdefault(self._form(row), []).append((index, row))
        results = [None] * len(rows)
        for members in groups.values():
            fields = [row for _, row in members]
            data = _tensors(self.inputs, fields) if self.inputs[0]["type"] == "tensor" else _table(self.inputs, fields)
            answers = _rows(_asked(self.model, data, fields[0] if self.params else {}), len(fields))
            for (index, _), answer in zip(members, answers):
                results[index] = answer
        return results

    def _is_left_out(self, name, value):
        if value is not None:
            return False
        return any(entry.get("name") == name and not entry.get("required", True) for entry in self.inputs)

    def _form(self, row):
        import numpy

        shapes = [numpy.shape(row[name]) for name in sorted(row)] if self.inputs[0]["type"] == "tensor" else []
        return tuple(sorted(row)), tuple(shapes), json.dumps(row.get(PARAMS), sort_keys=True)


def _asked(model, data, fields):
    if fields.get(PARAMS):
        return model.predict(data, params=fields[PARAMS])
    return model.predict(data)


def _tensors(inputs, rows, whole=False):
    """One array, or a dict of them by name, with a first dimension for the rows."""
    import numpy

    def array(name, spec):
        values = rows[0][name] if whole else [row[name] for row in rows]
        return numpy.asarray(values, dtype=spec["dtype"])

    if inputs[0].get("name") is None:
        return array(UNNAMED, inputs[0]["tensor-spec"])
    return {entry["name"]: array(entry["name"], entry["tensor-spec"]) for entry in inputs}


def _table(inputs, rows):
    """A data frame of the columns that the rows have."""
    import pandas

    if inputs[0].get("name") is None:
        lists = [[row[UNNAMED]] if len(inputs) == 1 else row[UNNAMED] for row in rows]
        columns = {index: [values[index] for values in lists] for index in range(len(inputs))}
        return pandas.DataFrame({index: _series(columns[index], entry) for index, entry in enumerate(inputs)})
    return pandas.DataFrame(
        {
            entry["name"]: _series([row[entry["name"]] for row in rows], entry)
            for entry in inputs
            if entry["name"] in rows[0]
        }
    )


def _series(values, entry):
    """A column with the type that the signature gives it."""
    import base64

    import pandas

    types = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}
    kind = entry["type"]
    if kind in types:
        return pandas.Series(values, dtype=types[kind])
    if kind == "datetime":
        return pandas.Series(pandas.to_datetime(values))
    if kind == "binary":
        return pandas.Series([base64.b64decode(value) for value in values], dtype=object)
    return pandas.Series(values, dtype=object)


def _guessed(value):
    """Of a model without a signature: a list of objects is a table, an object is arrays by name, the rest an array."""
    import numpy
    import pandas

    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return pandas.DataFrame(value)
    if isinstance(value, dict):
        return {name: numpy.asarray(entry) for name, entry in value.items()}
    return numpy.asarray(value)


def _rows(answer, count):
    """The rows of an answer to `count` rows."""
    import pandas

    if isinstance(answer, pandas.DataFrame):
        rows = answer.to_dict("records")
        if list(answer.columns) == list(range(len(answer.columns))):  # they have no names
            rows = [list(row.values()) if len(row) > 1 else row[0] for row in rows]
    elif isinstance(answer, dict):
        rows = [dict(zip(answer, values)) for values in zip(*answer.values())]
    elif isinstance(answer, str) or not hasattr(answer, "__len__"):
        rows = [answer]
    else:
        rows = list(answer)
    if len(rows) != count:
        raise ValueError("the model gave %d results for %d rows" % (len(rows), count))
    return rows
