"""What a shell or a test needs to use the cluster, as environment variables."""

import os
import shlex

from tools.local_cluster import golang, images, slots
from tools.local_cluster.cluster import s3_keys
from tools.local_cluster.configs import PACKAGES_PORT, S3_PORT
from tools.local_cluster.errors import NotUpError
from tools.local_cluster.place import Place, here


def environment(place: Place | None = None) -> dict[str, str]:
    """The variables of this copy's cluster; NotUpError when it is not up."""
    place = place or here()
    plan = slots.current(place)
    if not place.complete_file.exists():
        raise NotUpError(
            f"the cluster of {place.shown} never came up whole", "run `python -m tools.local_cluster up` again"
        )
    control_plane = {
        "PATH": _path(),
        "KUBECONFIG": str(place.kubeconfig),
        "CLUSTER_AUDIT_LOG": str(place.audit_log),
        "LOCAL_CLUSTER": place.cluster,
    }
    if not plan.shape.node:
        return control_plane
    access_key, secret_key = s3_keys(place)
    return {
        **control_plane,
        "MODELBUNDLE_LOCAL_S3_ENDPOINT": f"http://{plan.node_ip}:{S3_PORT}",
        "MODELBUNDLE_LOCAL_S3_ENDPOINT_IN_CLUSTER": f"http://s3.local-cluster.svc:{S3_PORT}",
        "MODELBUNDLE_LOCAL_S3_ACCESS_KEY": access_key,
        "MODELBUNDLE_LOCAL_S3_SECRET_KEY": secret_key,
        "MODELBUNDLE_LOCAL_INDEX": f"http://{plan.node_ip}:{PACKAGES_PORT}/simple",
        "MODELBUNDLE_LOCAL_INDEX_IN_CLUSTER": f"http://packages.local-cluster.svc:{PACKAGES_PORT}/simple",
        **{f"MODELBUNDLE_LOCAL_{name}_IMAGE": image for name, image in images.names().items()},
    }


def exports(place: Place) -> str:
    """`export` lines for a shell; PATH stays the shell's own, with our programs in front."""
    variables = environment(place)
    del variables["PATH"]
    first = shlex.quote(str(golang.bin_directory()))
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, f'export PATH={first}:"$PATH"']) + "\n"


def _path() -> str:
    first = str(golang.bin_directory())
    return ":".join([first, *(part for part in os.environ.get("PATH", os.defpath).split(":") if part != first)])
