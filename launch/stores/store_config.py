"""Which artifact store is meant: the environment says it, or the ConfigMap that the operator's chart publishes."""

from __future__ import annotations

from typing import Mapping, Optional

from launch.errors import StoreError
from launch.stores.artifact_store import ArtifactStore, store_at

CONFIG_MAP = "modelbundle-client"
PUBLIC_NAMESPACE = "kube-public"  # asked after the bundle's own namespace


def store_of(environment: Mapping[str, str], published: Optional[Mapping[str, str]]) -> ArtifactStore:
    """The store of LAUNCH_ARTIFACT_URI, else the published one; `published` is the ConfigMap's data, None without one.

    An endpoint of the environment is for either. The published endpoint is for the published store only: the user's own
    URI may mean a bucket of AWS.
    """
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None
    own = environment.get("LAUNCH_ARTIFACT_URI")
    if own:
        return store_at(own, endpoint_url=endpoint, region=region)
    published = published or {}
    if published.get("artifactUri"):
        return store_at(
            published["artifactUri"],
            endpoint_url=endpoint or published.get("s3EndpointUrl") or None,
            region=region or published.get("s3Region") or None,
        )
    raise StoreError(
        "no artifact store is known: set LAUNCH_ARTIFACT_URI to s3://BUCKET/PREFIX (for a store that is not AWS "
        "AWS_ENDPOINT_URL too), or let who runs the operator set client.artifactUri of its chart, which publishes it "
        f"in the ConfigMap {CONFIG_MAP} of the bundle's namespace or of {PUBLIC_NAMESPACE}."
    )
