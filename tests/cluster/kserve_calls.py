"""What KServe's own client makes of a served bundle, in both protocols: a script for an environment that has it."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import numpy
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig


async def v2(url: str, name: str, *, binary: bool) -> dict[str, Any]:
    x, y = InferInput("x", [1], "INT64"), InferInput("y", [1], "BYTES")
    x.set_data_from_numpy(numpy.array([2]), binary_data=binary)
    y.set_data_from_numpy(numpy.array([b"abc"], object), binary_data=binary)
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        answer = await client.infer(url, InferRequest(name, [x, y], request_id="seven"), name)
        return {
            "live": await client.is_server_live(url),
            "ready": await client.is_server_ready(url),
            "model": await client.is_model_ready(url, name),
            "id": answer.id,
            "outputs": {output.name: output.as_numpy().tolist() for output in answer.outputs},
        }


async def v1(url: str, name: str) -> dict[str, Any]:
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        return {
            "live": await client.is_server_live(url),
            "model": await client.is_model_ready(url, name),
            **await client.infer(url, {"instances": [{"x": 2, "y": "abc"}, {"x": 0, "y": ""}]}, name),
        }


async def main(url: str, name: str) -> None:
    calls = {
        "v1": await v1(url, name),
        "v2": await v2(url, name, binary=False),
        "v2 binary": await v2(url, name, binary=True),
    }
    print(json.dumps(calls))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
