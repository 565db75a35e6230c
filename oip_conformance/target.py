"""The server that is checked: one request after the other, and what of its model must be known to ask it anything."""

from __future__ import annotations

import http.client
import json
from typing import Any, Dict, List, NamedTuple, Optional
from urllib.parse import quote, urlsplit

HEADER = "Inference-Header-Content-Length"
_NUMBERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64")
DATATYPES = ("BOOL", *_NUMBERS, "BYTES", "BF16")


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    headers: Dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        """None when it is none."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except ValueError:
            return None

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Target:
    """``request`` is an inference request that the model answers; made from its metadata when none is given."""

    def __init__(self, url: str, model: str, request: Optional[Dict[str, Any]], timeout: float) -> None:
        parts = urlsplit(url if "://" in url else "http://" + url)
        self._secure = parts.scheme == "https"
        self._address = parts.netloc
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout
        self.model = model
        self.path = "/v2/models/" + quote(model, safe="")
        self._given = request
        self._metadata: Optional[Answer] = None
        self._server: Optional[Answer] = None

    def ask(self, method: str, path: str, body: bytes = b"", headers: Optional[Dict[str, str]] = None) -> Answer:
        """OSError and HTTPException when the server cannot be talked to."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._address, timeout=self._timeout)
        try:
            connection.request(method, self._prefix + path, body or None, headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        """The answer to GET of a path of the server."""
        return self.ask("GET", path)

    def infer(self, request: Any, path: str = "", binary: bytes = b"") -> Answer:
        """``request`` as JSON, or bytes as they are; ``path`` of the model, its own when not given."""
        text = request if isinstance(request, bytes) else json.dumps(request).encode("utf-8")
        headers = {"Content-Type": "application/json"}
        if binary:
            headers = {"Content-Type": "application/octet-stream", HEADER: str(len(text))}
        return self.ask("POST", (path or self.path) + "/infer", text + binary, headers)

    @property
    def metadata(self) -> Answer:
        """The model's metadata, asked once."""
        if self._metadata is None:
            self._metadata = self.get(self.path)
        return self._metadata

    @property
    def extensions(self) -> List[str]:
        """The extensions that the server names in its metadata."""
        if self._server is None:
            self._server = self.get("/v2")
        found = self._server.json
        extensions = found.get("extensions") if isinstance(found, dict) else None
        return [str(entry) for entry in extensions] if isinstance(extensions, list) else []

    @property
    def versions(self) -> List[str]:
        """The versions that the model names in its metadata."""
        found = self.metadata.json
        versions = found.get("versions") if isinstance(found, dict) else None
        return [str(entry) for entry in versions] if isinstance(versions, list) else []

    @property
    def request(self) -> Optional[Dict[str, Any]]:
        """None when nothing is known that the model would answer."""
        if self._given is not None:
            return dict(self._given)
        found = self.metadata.json
        inputs = found.get("inputs") if isinstance(found, dict) else None
        if not isinstance(inputs, list) or not inputs:
            return None
        try:
            return {"inputs": [_example(entry) for entry in inputs]}
        except (KeyError, TypeError, ValueError):
            return None


def count(shape: List[int]) -> int:
    """How many elements a tensor of this shape has."""
    number = 1
    for size in shape:
        number *= size
    return number


def flat(data: Any) -> List[Any]:
    """The elements of nested lists, in order."""
    if not isinstance(data, list):
        return [data]
    return [element for entry in data for element in flat(entry)]


def nested(data: List[Any], shape: List[int]) -> Any:
    """Elements as nested lists of this shape."""
    for size in reversed(shape[1:]):
        data = [data[at : at + size] for at in range(0, len(data), size)]
    return data


def _example(entry: Dict[str, Any]) -> Dict[str, Any]:
    shape = [2 if size == -1 else int(size) for size in entry["shape"]]
    datatype = entry["datatype"]
    element: Any = True if datatype == "BOOL" else "1" if datatype == "BYTES" else 1
    if datatype not in DATATYPES:
        raise ValueError(datatype)
    return {"name": entry["name"], "datatype": datatype, "shape": shape, "data": [element] * count(shape)}
