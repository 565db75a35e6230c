"""The floor: a plain client that makes the calls that the operator made for each bundle, with the same concurrency.

It decides nothing: the sequence of calls was read from the audit log of the operator's run, the bodies are those that
the operator left behind, with names and uids put in. It watches bundles, and pods where the last status waits for them,
as the operator has to. What it takes, nothing that makes these calls can fall below on this machine.

`python -m tools.benchmarks.operator.floor PLAN KUBECONFIG`; PLAN is a file of JSON (measure.py writes it).
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.testkit.rest import APPLY, Api, ApiError, path

Body = dict[str, Any]
Step = tuple[str, str]  # a call, as the audit log names it, and the body that it sends

MANAGER = "modelbundle-operator"
SELECTOR = "app.kubernetes.io/managed-by=modelbundle-operator"


class Floor:
    def __init__(self, api: Api, plan: Body) -> None:
        self._api = api
        self._before: list[Step] = plan["before"]
        self._after: list[Step] = plan["after"]  # those of which the first waits for a pod
        self._model: Body = plan["model"]  # whose name, namespace and uid stand in the bodies
        self._workers: int = plan["workers"]
        self._queue: asyncio.Queue[tuple[Body, list[Step]]] = asyncio.Queue()
        self._waiting: dict[tuple[str, str], Body] = {}
        self._written = 0

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bundles())
            if self._after:
                group.create_task(self._pods())
            for _ in range(self._workers):
                group.create_task(self._work())

    async def _bundles(self) -> None:
        async for event in self._watch("modelbundles"):
            if event["type"] == "ADDED":
                metadata = event["object"]["metadata"]
                self._waiting[metadata["namespace"], metadata["name"]] = metadata
                self._queue.put_nowait((metadata, self._before))

    async def _pods(self) -> None:
        async for event in self._watch("pods", labelSelector=SELECTOR):
            body = event["object"]
            conditions = (body.get("status") or {}).get("conditions") or []
            if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
                place = (body["metadata"]["namespace"], body["metadata"]["labels"]["modelbundle.dev/bundle"])
                if (metadata := self._waiting.pop(place, None)) is not None:
                    self._queue.put_nowait((metadata, self._after))

    async def _watch(self, plural: str, **query: str) -> Any:
        _, version = await self._api.list(plural, **query)
        while True:
            with suppress(ApiError):  # of a control plane that has just begun: not yet
                async for event in self._api.watch(plural, version, **query):
                    version = event["object"]["metadata"]["resourceVersion"]
                    yield event
            await asyncio.sleep(0.1)

    async def _work(self) -> None:
        while True:
            metadata, calls = await self._queue.get()
            for call, text in calls:
                await self._call(call, text, metadata)

    async def _call(self, call: str, text: str, metadata: Body) -> None:
        verb, _, resource = call.partition(" ")
        plural, _, subresource = resource.partition("/")
        namespace, name = metadata["namespace"], metadata["name"]
        if verb == "get":
            await self._api.raw("GET", path(plural, namespace, name, subresource))
            return
        if verb == "list":
            await self._api.raw("GET", path(plural, namespace))
            return
        for field in ("name", "namespace", "uid"):
            text = text.replace(self._model[field], metadata[field])
        if plural == "events":
            self._written += 1
            text = text.replace("EVENT", f"{name}.{self._written:x}")
        if subresource == "status":  # each of them says something new
            self._written += 1
            text = text.replace('"observedGeneration":0', f'"observedGeneration":{self._written}', 1)
        if verb == "create":
            status, said = await self._api.raw("POST", path(plural, namespace), text.encode())
        else:
            status, said = await self._api.raw(
                "PATCH",
                path(plural, namespace, name, subresource),
                text.encode(),
                content_type=APPLY,
                query={"fieldManager": MANAGER, "force": "true"},
            )
        if status >= 400:
            raise RuntimeError(f"{call} of {namespace}/{name}: {status}: {said[:500].decode(errors='replace')}")


async def main(plan: Body, kubeconfig: Path) -> None:
    async with await Api.connect(kubeconfig) as api:
        await Floor(api, plan).run()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])))
