"""`python direct.py EXAMPLE` prints requests, each with the answer of the library itself: nothing of the example's
predict function is used, and of its model what it takes to train the same one."""

import json
import runpy
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def scikit_learn():
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    wine = load_wine()
    scaler = StandardScaler().fit(wine.data)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(wine.data), wine.target)
    rows = wine.data[::60]
    for row, probabilities in zip(rows, model.predict_proba(scaler.transform(rows)), strict=True):
        names = [f"class_{number}" for number in range(3)]
        yield {"measurements": row.tolist()}, dict(zip(names, probabilities.tolist(), strict=True))


def xgboost():
    from sklearn.datasets import load_diabetes
    from xgboost import DMatrix, train

    diabetes = load_diabetes()
    booster = train({"max_depth": 3, "nthread": 1}, DMatrix(diabetes.data, diabetes.target), num_boost_round=40)
    rows = diabetes.data[::150]
    for row, answer in zip(rows, booster.predict(DMatrix(rows)), strict=True):
        yield dict(zip(diabetes.feature_names, row.tolist(), strict=True)), float(answer)


def lightgbm():
    from lightgbm import Dataset, train
    from sklearn.datasets import load_breast_cancer

    tumours = load_breast_cancer()
    options = {"objective": "binary", "num_leaves": 7, "num_threads": 1, "verbose": -1}
    booster = train(options, Dataset(tumours.data, tumours.target), num_boost_round=40)
    rows = tumours.data[::200].copy()
    rows[:, 3] = float("nan")
    for row, answer in zip(rows, booster.predict(rows), strict=True):
        named = dict(zip(map(str, tumours.feature_names), row.tolist(), strict=True))
        del named["mean area"]  # it is the missing one
        yield {"measurements": named}, float(answer)


def onnx():
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    iris = load_iris()
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    rows = iris.data[::30]
    yield {"measurements": rows.tolist()}, model.predict_proba(rows).tolist()


def transformer():
    import torch

    names = runpy.run_path(str(EXAMPLES / "transformer/model.py"))
    for text in ("this is lovely", "what an awful idea", "", "a text that is longer than the model can read at all"):
        with torch.inference_mode():
            logit = names["model"](names["tokens_of"]([text]))
        yield {"text": text}, {"pleased": float(torch.sigmoid(logit)[0])}


def batching():
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    digits = load_digits()
    model = SVC(gamma=0.001).fit(digits.data, digits.target)
    rows = digits.data[::100]
    for row, answer in zip(rows, model.predict(rows), strict=True):
        yield {"pixels": row.tolist()}, int(answer)


def streaming():
    predict = runpy.run_path(str(EXAMPLES / "streaming/model.py"))["predict"]
    for fields in ({}, {"words": 1}, {"start": "answers", "words": 30, "seed": 3}, {"start": "unheard"}):
        yield fields, list(predict(**fields))


def async_client():
    yield {"seconds": 0.01, "text": "request"}, "REQUEST"


if __name__ == "__main__":
    json.dump(list(globals()[sys.argv[1]]()), sys.stdout)
