"""Which artifact store is meant: the environment says it, or the ConfigMap that the operator's chart publishes."""

from __future__ import annotations

from typing import Mapping, Optional

from launch.errors import StoreError
from launch.stores.artifact_store import ArtifactStore, store_at
from launch.stores.published_store import CONFIG_MAP, PUBLIC_NAMESPACE, Published


def store_of(environment: Mapping[str, str], published: Optional[Published]) -> ArtifactStore:
    """The store of LAUNCH_ARTIFACT_URI, else the published one, which may be None.

    An endpoint of the environment is for either. The published endpoint is for the published store only: the user's own
    URI may mean a bucket of AWS.
    """
    endpoint = endpoint_of(environment)
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None
    own = environment.get("LAUNCH_ARTIFACT_URI")
    if own:
        return store_at(own, endpoint_url=endpoint, region=region)
    if published is not None:
        return store_at(
            published.uri,
            endpoint_url=endpoint or published.endpoint or None,
            region=region or published.region or None,
            addressing_style=environment.get("AWS_S3_ADDRESSING_STYLE") or published.style or None,
        )
    raise StoreError(
        "no artifact store is known: set LAUNCH_ARTIFACT_URI to s3://BUCKET/PREFIX (for a store that is not AWS "
        "AWS_ENDPOINT_URL too), or let who runs the operator set client.artifactUri of its chart, which publishes it "
        f"in the ConfigMap {CONFIG_MAP} of {PUBLIC_NAMESPACE} or of the bundle's namespace."
    )


def endpoint_of(environment: Mapping[str, str]) -> Optional[str]:
    """The S3 endpoint that the environment names."""
    return environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or None
