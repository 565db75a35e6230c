"""Words that have a meaning to what is fuzzed: a fuzzer would take long to find them."""

from __future__ import annotations

_LINES = """
content-length: 8
content-length: 99999999
content-length: 0
transfer-encoding: chunked
transfer-encoding: identity
connection: close
connection: keep-alive
connection: upgrade
upgrade: h2c
expect: 100-continue
content-encoding: gzip
content-encoding: deflate
accept-encoding: gzip
accept: text/event-stream
accept: application/jsonl
x-request-id: a
inference-header-content-length: 9
tracestate: a=b
host: m
0;a=b
ffffffffffffffff
"""
_WORDS = """
GET POST HEAD OPTIONS CONNECT PRI * HTTP/1.1 HTTP/1.0 HTTP/2.0 HTTP/3.7 traceparent:
/predict /launch/predict /v1/models/m:predict /v2/models/m/infer /versions/sha256:0 %00 ?a=b
/v2 /v2/models/m/ready /openapi.json /docs /readyz /internal/worker/alive
{"x":1} {"odd":1} "odd" {"stream":[1]} {"args":{}} {"instances":[]} {"inputs":[]} [[[[ ]]]]
"name" "datatype" "shape" "data" "parameters" "binary_data_size" "binary_data_output" "id" "outputs"
"content_type" "base64" "application/json" "BYTES" "FP32" "INT64" "BOOL" "BF16"
"pieces" "size" "form" "single" "code" "message" "reason" "seconds" "maxBatch" "digest"
"as" "tensors" "instances" "fields" "trace" "whole"
[0,9999999999] [4294967296,0] [-1] 1e999 -0.0 NaN "\\ud800" null
"""
TOKENS = (
    *(f"{line}\r\n".encode() for line in _LINES.split("\n") if line),
    *(word.encode() for word in _WORDS.split()),
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b" ", b"\t", b": ", b"0\r\n\r\n", b"\xff\xfe"),
    *(b"9" * 400, b"[" * 30, b'{"a":' * 20),
)
