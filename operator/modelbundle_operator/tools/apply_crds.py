"""Brings the cluster's CRDs to this version's: what the chart runs before an upgrade, as Helm never changes a CRD.

`python -m modelbundle_operator.tools.apply_crds`, by server-side apply. A field that the cluster's CRD has and this
version lacks would vanish from every stored object, so nothing is written then.
"""

import asyncio
import sys
from collections.abc import Iterator

from modelbundle_operator.api.base import Body
from modelbundle_operator.errors import OperatorError, Transient
from modelbundle_operator.kube.client import KubernetesClient
from modelbundle_operator.kube.kinds import CRD_KIND
from modelbundle_operator.tools.crd import RESOURCES, custom_resource_definition

SECONDS = 120.0
PAUSE_SECONDS = 1.0


class WouldDropFields(OperatorError):
    """The cluster's CRD is newer, or of another project."""


async def apply_crds(cluster: KubernetesClient) -> list[str]:
    """Apply each CRD and wait until it is served; a line for each. Raises WouldDropFields before the first write."""
    wanted = [custom_resource_definition(resource) for resource in RESOURCES.values()]
    live = [await cluster.get(CRD_KIND, None, crd["metadata"]["name"]) for crd in wanted]
    for before, after in zip(live, wanted, strict=True):
        if before is not None and (lost := dropped(before, after)):
            raise WouldDropFields(
                f"{after['metadata']['name']}: the cluster's CRD has fields that this version lacks, and objects would"
                f" lose them: {', '.join(lost)}. Nothing was changed. Is this an older version? If it is meant, apply"
                " its crds/ by hand: kubectl apply --server-side --force-conflicts -f crds/"
            )
    return [await _apply(cluster, before, after) for before, after in zip(live, wanted, strict=True)]


def dropped(before: Body, after: Body) -> list[str]:
    """Paths of fields, such as v1alpha1.spec.bundle, that a CRD has and its successor lacks; outermost only."""
    kept = set(_all_fields(after))
    lost = [path for path in _all_fields(before) if path not in kept]
    return sorted(path for path in lost if not any(path.startswith((f"{other}.", f"{other}[")) for other in lost))


def _all_fields(crd: Body) -> Iterator[str]:
    for version in crd["spec"]["versions"]:
        yield version["name"]
        yield from _fields(version["schema"]["openAPIV3Schema"], version["name"])


def _fields(schema: Body, path: str) -> Iterator[str]:
    for name, below in (schema.get("properties") or {}).items():
        yield f"{path}.{name}"
        yield from _fields(below, f"{path}.{name}")
    for word, mark in (("items", "[]"), ("additionalProperties", "[*]")):
        if isinstance(below := schema.get(word), dict):
            yield from _fields(below, path + mark)


async def _apply(cluster: KubernetesClient, before: Body | None, wanted: Body) -> str:
    name = wanted["metadata"]["name"]
    applied = await cluster.apply(wanted)
    while not _established(applied):
        await asyncio.sleep(PAUSE_SECONDS)
        applied = await cluster.get(CRD_KIND, None, name) or applied
    if before is None:
        return f"{name}: created"
    changed = applied["metadata"]["generation"] != before["metadata"]["generation"]
    return f"{name}: {'brought to this version' if changed else 'is of this version already'}"


def _established(crd: Body) -> bool:
    conditions = (crd.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)


async def run() -> None:
    """Until it went well, or an error that waiting does not heal."""
    cluster = await KubernetesClient.connect()
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    lines = await apply_crds(cluster)
                except Transient as error:
                    sys.stderr.write(f"{error}; trying again\n")
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    sys.stdout.write("\n".join(lines) + "\n")
                    return
    finally:
        await cluster.close()


def main() -> int:
    """The exit code: 0 when the CRDs are of this version, 1 when they are not, 2 when trying again cannot help."""
    try:
        asyncio.run(run())
    except WouldDropFields as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except TimeoutError:
        sys.stderr.write(f"the CRDs were not established in {SECONDS:g} s\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
