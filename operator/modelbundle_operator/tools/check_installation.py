"""Whether an installation works: what `helm test` runs, from the operator's own image, without leaving anything behind.

`python -m modelbundle_operator.tools.check_installation`: the API server takes a bundle and refuses a wrong one, both
as dry runs, and the operator says that it is ready. One line for each, and the exit code.
"""

import argparse
import asyncio
import copy
import sys
from collections.abc import AsyncIterator

import aiohttp

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import API_VERSION, KIND
from modelbundle_operator.errors import OperatorError
from modelbundle_operator.kube.client import KubernetesClient
from modelbundle_operator.kube.errors import Refused

SECONDS = 60.0

BUNDLE: Body = {
    "apiVersion": API_VERSION,
    "kind": KIND,
    "metadata": {"name": "installation-check"},
    "spec": {
        "bundle": {
            "artifact": {"uri": "s3://models/a.zip", "sha256": "0" * 64, "packaging": "zip"},
            "envParams": {"frameworkType": "pytorch", "pytorchImageTag": "1.7.1"},
            "loadPredictFn": "predict.load",
            "loadModelFn": "model.load",
        }
    },
}


class NotWorking(OperatorError):
    """What was found wrong, and where to look next."""


async def check(cluster: KubernetesClient, namespace: str, readyz: str) -> AsyncIterator[str]:
    """A line for each thing that is as it should be; NotWorking at the first that is not."""
    await cluster.check_installed()
    yield "the API server serves modelbundles and modelendpoints"
    bundle = copy.deepcopy(BUNDLE)
    bundle["metadata"]["namespace"] = namespace
    try:
        taken = await cluster.try_to_create(bundle)
    except Refused as error:
        raise NotWorking(f"the API server refuses a good bundle: {error}") from None
    if taken["spec"].get("serving", {}).get("replicas") != 1:
        raise NotWorking("the CRD gives a bundle no defaults: it is not of this version; apply crds/")
    yield "it takes a ModelBundle, and fills in what is unset"
    del bundle["spec"]["bundle"]["loadModelFn"]
    try:
        await cluster.try_to_create(bundle)
    except Refused as error:
        if "loadModelFn" not in error.message:
            raise NotWorking(f"a wrong bundle is refused for another reason: {error}") from None
        yield "it refuses a wrong one, and says why"
    else:
        raise NotWorking("the API server takes a wrong bundle: the CRD's rules are not in force; apply crds/")
    if readyz:
        await _ready(readyz)
        yield "the operator is ready"


async def _ready(url: str) -> None:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise NotWorking(f"the operator is not ready: {text}")
    except (aiohttp.ClientError, OSError) as error:
        raise NotWorking(
            f"{url} does not answer: {error}; kubectl logs -l app.kubernetes.io/name=modelbundle-operator"
        ) from None


async def run(namespace: str, readyz: str) -> None:
    """Print the lines as they come."""
    cluster = await KubernetesClient.connect()
    try:
        async with asyncio.timeout(SECONDS):
            async for line in check(cluster, namespace, readyz):
                sys.stdout.write(f"ok: {line}\n")
    finally:
        await cluster.close()


def main() -> int:
    """The exit code: 0 when all is as it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m modelbundle_operator.tools.check_installation", description=__doc__
    )
    parser.add_argument("--namespace", default="default", help="where the dry runs are made")
    parser.add_argument("--readyz", default="", help="URL of the operator's /readyz; not asked when left out")
    given = parser.parse_args()
    try:
        asyncio.run(run(given.namespace, given.readyz))
    except (OperatorError, TimeoutError) as error:
        sys.stderr.write(f"not ok: {error or f'no answer in {SECONDS:g} s'}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
