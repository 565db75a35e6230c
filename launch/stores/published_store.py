"""Which of the published stores may be used. The ConfigMap in kube-public is written by administrators; the one in a
namespace by anyone who may write ConfigMaps there, so a store that only it names is used once the user accepted it.
Pure."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional

from launch.errors import StoreError

CONFIG_MAP = "modelbundle-client"
PUBLIC_NAMESPACE = "kube-public"


class Published(NamedTuple):
    """Of one ConfigMap what says where artifacts go; all but `uri` may be empty."""

    uri: str
    endpoint: str = ""
    region: str = ""
    style: str = ""  # how requests address the bucket: path, virtual or auto

    def __str__(self) -> str:
        shown = self.uri + (f" at {self.endpoint}" if self.endpoint else "")
        shown += f" (addressing style {self.style})" if self.style else ""
        return "".join(letter if letter.isprintable() else "?" for letter in shown)  # it goes to a terminal


def published_in(data: Optional[Mapping[str, str]]) -> Optional[Published]:
    """The store that a ConfigMap's data names; None where it names none."""
    data = data or {}
    if not data.get("artifactUri"):
        return None
    named = (data.get(key) or "" for key in ("s3EndpointUrl", "s3Region", "s3AddressingStyle"))
    return Published(data["artifactUri"], *named)


def chosen(
    namespace: str, own: Optional[Published], public: Optional[Published], accepted: Optional[Published]
) -> Optional[Published]:
    """The store for bundles of the namespace. StoreError where it is neither the public nor the accepted one."""
    if own is None or own == public:
        return public
    if own == accepted:
        return own
    if accepted is not None:
        known = f"On this machine you accepted {accepted} for it"
    elif public is not None:
        known = f"The one in {PUBLIC_NAMESPACE}, which only administrators write, names {public}"
    else:
        known = "You have not accepted it on this machine"
    raise StoreError(
        f"the ConfigMap {CONFIG_MAP} in namespace {namespace} says that artifacts go to {own}. {known}. All who may "
        "write ConfigMaps in that namespace decide this, and get your code and weights; nothing was sent. If it is "
        "right, accept it once: `modelbundle create --accept-store`, or LaunchClient(accept_store=True). If not, set "
        "LAUNCH_ARTIFACT_URI (and AWS_ENDPOINT_URL) to the store that you mean."
    )
