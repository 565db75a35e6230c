"""Requests and predictions that users of other servers reported: each is answered with what to send or return."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

REPORTED = """
import datetime, decimal

import numpy

VALUES = {
    "float32": {"score": numpy.float32(0.5)}, "nan": {"scores": numpy.array([0.5, numpy.nan])},
    "int64 key": {numpy.int64(1): "cat"}, "datetime": {"at": datetime.datetime(2024, 1, 1)},
    "decimal": {"price": decimal.Decimal("1.5")}, "bytes": {"image": b"abc"},
}

def predict(value=None, text=None):
    return VALUES[value] if value else {"text": text}
"""
_FIELDS = b'{"text": "caf\xc3\xa9"}'
_JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """A request, and how it is answered: the status, and words in the body."""

    name: str
    source: str
    happened: str
    before: str
    body: bytes
    status: int
    says: str
    code: str = "OK"
    content_type: str = _JSON
    content_encoding: str = ""


_RIGHT = "right"
_PLACE = "only the place of the mistake"
_NOT_UTF_8 = 'wrong: "surrogates not allowed: line 1 column 1"'
_MULTIPART = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n\xff\xd8\r\n--b--\r\n'
_MLFLOW = b'{"dataframe_split": {"columns": ["text"], "data": [["a"]]}}'

CASES = (
    Asked("float32", "replicate/cog#499", "A prediction holds a float32 of NumPy.", _RIGHT, b'{"value": "float32"}',
          200, '{"score":0.5}'),
    Asked("nan", "pytorch/serve#1304", "A prediction holds NaN, and the client gets what is not JSON.", _RIGHT,
          b'{"value": "nan"}', 500, "nan at $.scores[1]", "ResponseNotJSON"),
    Asked("unicode", "pytorch/serve#943", "Letters of other languages come back as escapes.", _RIGHT, _FIELDS, 200,
          "caf\u00e9"),
    Asked("curl-form", "SeldonIO/seldon-core#1770", "curl -d calls a JSON text a form.", _RIGHT, _FIELDS, 200,
          "caf\u00e9", content_type="application/x-www-form-urlencoded"),
    Asked("single-quotes", "SeldonIO/seldon-core#2553", "The JSON of a curl command has single quotes, or none.",
          _PLACE, b"{'text': 'www.example.com'}", 400, "JSON has double quotes", "NotJSON"),
    Asked("backslashes", "bentoml/BentoML#742", "A notebook writes a file in which each quote has a backslash.", _PLACE,
          rb'{\"text\": \"a\"}', 400, "leave them out", "NotJSON"),
    Asked("encoding", "pytorch/serve#1359", "A body in latin-1 ends the worker.", _NOT_UTF_8,
          _FIELDS.decode().encode("latin-1"), 400, "it is not UTF-8 text: encode it as UTF-8", "NotJSON"),
    Asked("byte-order-mark", "Badgerati/Pode#1604", "An editor sends a byte order mark before the JSON.", _PLACE,
          _FIELDS.decode().encode("utf-8-sig"), 400, "not utf-8-sig", "NotJSON"),
    Asked("gzip", "tensorflow/serving#1091", "A body that is compressed with gzip is not taken.", _RIGHT,
          gzip.compress(_FIELDS), 200, "caf\u00e9", content_encoding="gzip"),
    Asked("gzip-unsaid", "trustyai-explainability/trustyai-explainability#704",
          "A proxy compresses the body, and the header is lost.", _NOT_UTF_8, gzip.compress(_FIELDS), 400,
          "content-encoding: gzip", "NotJSON"),
    Asked("text", "aws/amazon-sagemaker-examples#229", "A text is sent where an object belongs.",
          "not what to do with it", b'"the password is 15"', 400, "it is a text: put it into a field", "NotJSON"),
    Asked("mlflow", "databricks-academy/ml-in-production-english#2", "A request is in the form of MLflow.",
          "not that it is another server's form", _MLFLOW, 422, "each argument of predict_fn is a field",
          "ArgumentMismatch"),
    Asked("file", "jrosebr1/simple-keras-rest-api#9", "A picture is sent as a file of a form.", _RIGHT, _MULTIPART, 415,
          "base64 text in a field", "UnsupportedMediaType", content_type="multipart/form-data; boundary=b"),
)  # fmt: skip
