"""Two operators as processes: one writes, and what becomes of the other one, of its Lease and of the API server."""

from __future__ import annotations

import signal
from pathlib import Path

from launch.local.ports import reserve
from tests.operator.fake_api import FakeApi
from tests.operator.operator_process import begin
from tools.testkit.cluster_objects import model_bundle


async def test_an_operator_that_was_stopped_writes_nothing_once_another_one_leads(tmp_path: Path) -> None:
    """SIGSTOP and SIGCONT: its Lease ran out while it could not notice. The other one was ready all the time."""
    api = FakeApi()
    async with api.server() as server, begin(api, server, tmp_path, "one") as one:
        await one.until(lambda: _holder(api) != "")
        async with begin(api, server, tmp_path, "two") as two:
            await two.answers("/readyz")
            assert await two.metric("modelbundle_operator_leader") == 0
            api.put(model_bundle("first"))
            await one.until(lambda: _written_by(api, "one"))
            await one.quiet("one")  # a request that is on its way when it is stopped would arrive afterwards
            one.process.send_signal(signal.SIGSTOP)
            former = _holder(api)
            api.put(model_bundle("second"))
            await two.until(lambda: _holder(api) != former)
            await two.until(lambda: ("Deployment", "models", "second") in api.cluster.objects)
            stopped_at = len(api.requests)
            one.process.send_signal(signal.SIGCONT)
            api.put(model_bundle("third"))
            await two.until(lambda: ("Deployment", "models", "third") in api.cluster.objects)
            await one.until(lambda: any(r.token == "one" and r.method == "GET" and "/leases/" in r.path
                                        for r in api.requests[stopped_at:]))  # fmt: skip
            assert [await each.metric("modelbundle_operator_leader") for each in (one, two)] == [0, 1]
            written = [r for r in api.requests[stopped_at:] if r.token == "one" and r.method != "GET"]
            assert [r for r in written if "/leases/" not in r.path] == []
            assert _holder(api) not in ("", former)  # a renewal that was on its way met a Lease that was another's
            # and given back at a signal, it goes to the one that stands by
            assert await two.stop() == 0
            await one.until(lambda: _holder(api).rpartition("_")[2] == former.rpartition("_")[2])


async def test_an_api_server_that_is_away_ends_nothing(tmp_path: Path) -> None:
    """Neither while an operator starts nor when it leads; it is alive all the time, and then goes on."""
    api = FakeApi()
    port, keeps_port = reserve()
    server = api.server(port)
    with keeps_port:
        async with begin(api, server, tmp_path, "one") as one:
            await one.answers("/healthz")
            assert await one.probe("/readyz") == 503
            await server.start_server(shutdown_timeout=0.1)
            api.put(model_bundle("first"))
            await one.until(lambda: ("Deployment", "models", "first") in api.cluster.objects)
            await server.close()
            await one.until_metric("modelbundle_operator_leader", 0)
            assert await one.probe("/healthz") == await one.probe("/readyz") == 200
            server = api.server(port)
            await server.start_server(shutdown_timeout=0.1)
            await one.until(lambda: "ModelBundle" in {kind for kind, _ in api.watches})
            api.put(model_bundle("second"))
            await one.until(lambda: ("Deployment", "models", "second") in api.cluster.objects)
            assert one.process.returncode is None
    await server.close()


def _holder(api: FakeApi) -> str:
    lease = api.cluster.objects.get(("Lease", "modelbundle-system", "modelbundle-operator"), {})
    return str(lease.get("spec", {}).get("holderIdentity", ""))


def _written_by(api: FakeApi, token: str) -> bool:
    return any(r.token == token and r.method != "GET" and "/leases" not in r.path for r in api.requests)
