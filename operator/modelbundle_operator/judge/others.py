"""Containers that are not a bundle's own: the proxy of a mesh, or what else a webhook of others puts into its pods.

One that does not start holds the pod up, and nothing in the bundle mends it.
"""

from collections.abc import Iterable

from modelbundle_operator.judge.observation import INSTALL, PREPARE, SERVER, WORKER, Container, Pod
from modelbundle_operator.judge.reports import quoted

OWN = (PREPARE, INSTALL, SERVER, WORKER)
_BEFORE_A_START = ("", "ContainerCreating", "PodInitializing", "CrashLoopBackOff")
_OF_AN_IMAGE = ("ErrImage", "ImagePull", "ImageInspect", "InvalidImage")


def in_order(pod: Pod) -> list[Container]:
    """As they hinder each other: others that are started before ours, ours, and others beside them."""
    names = list(pod.containers)
    first = next((at for at, name in enumerate(names) if name in OWN), len(names))
    beside = [name for name in names[first:] if name not in OWN]
    return [pod.containers[name] for name in [*names[:first], *OWN, *beside] if name in pod.containers]


def of_an_image(container: Container) -> bool:
    """Whether it waits for an image that cannot be had."""
    return container.waiting.startswith(_OF_AN_IMAGE)


def not_started(container: Container) -> str:
    """Why the kubelet cannot start it, in its words; "" where it may have."""
    if container.waiting in _BEFORE_A_START:
        return ""
    return quoted(container.waiting_message) or container.waiting


def holds_up(container: Container) -> str:
    """How one of others holds its pod up; "" where it does not."""
    if of_an_image(container):  # the kubelet alternates between two texts, so none of them is repeated
        return _said(container, f"its image {container.image} cannot be pulled")
    if why := not_started(container):
        return _said(container, f"it cannot be started: {why}")
    ended = container.newest_end
    if ended is not None and ended.exit_code and not container.ready:
        return _said(container, f"it ended with exit code {ended.exit_code}, and is started again")
    return ""


def _said(container: Container, how: str) -> str:
    return (
        f"container {container.name} is not the bundle's, a webhook has put it into the pod, and it holds the pod up:"
        f" {how}. See to what puts it there, such as a mesh; `kubectl logs -c {container.name}` and `kubectl describe"
        " pod` say more."
    )


def awaited(pods: Iterable[Pod]) -> str:
    """Where all of a pod's own containers are ready, which others are not."""
    for pod in pods:
        own = [pod.containers.get(name) for name in (SERVER, WORKER)]
        late = [
            name
            for name, container in pod.containers.items()
            if name not in OWN and not container.ready and container.completed is None
        ]
        if late and all(container is not None and container.ready for container in own):
            return f"the bundle is loaded, and the pod waits for {', '.join(late)}, which a webhook has put into it"
    return ""
