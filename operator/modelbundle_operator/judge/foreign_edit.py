"""What to do in place of an edit of a child that the operator undoes: the way that leads to the same end.

`kubectl rollout restart`, Reloader and an autoscaler of the Deployment are right for any other Deployment. Who uses
them is told once, by an Event of the bundle, which field of the bundle or which target it is here.
"""

import re

from modelbundle_operator.api.endpoint import ENDPOINT_KIND
from modelbundle_operator.api.names import API_VERSION, KIND
from modelbundle_operator.judge.reports import quoted

_LONGEST = 300  # of the paths of the fields: a whole container may be added

_TOKEN = (
    "kubectl patch mbun {name} --type=merge"
    ' -p \'{{"spec": {{"serving": {{"rollout": {{"token": "SOME NEW TEXT"}}}}}}}}\''
)
# the paths of the edit; the first that is found in them decides
_WAYS = (
    (
        r"kubectl\.kubernetes\.io/restartedAt",
        f"To restart the pods, give them a new spec.serving.rollout.token: {_TOKEN}",
    ),
    (
        r"STAKATER_|reloader\.stakater\.com/",
        "Pods take up a Secret or ConfigMap that changed with a new spec.serving.rollout.token, which Reloader cannot"
        f" set: {_TOKEN}",
    ),
    (
        r"\.spec\.replicas",
        "Scale the bundle: kubectl scale mbun {name} --replicas=N; a HorizontalPodAutoscaler has the scaleTargetRef"
        f" {{{{apiVersion: {API_VERSION}, kind: {KIND}, name: {{name}}}}}}",
    ),
    (r"\.template\.metadata\.labels", "Labels of the pods are spec.serving.podLabels"),
    (r"\.template\.metadata\.annotations", "Annotations of the pods are spec.serving.podAnnotations"),
    (r"\.resources", "CPU and memory are spec.serving.resources, serverResources and prepareResources"),
    (r"\.(env|envFrom)\b", "Variables are spec.serving.env and envFrom, and spec.bundle.env of a new bundle"),
    (r"\.(volumes|volumeMounts)\b", "Volumes are spec.serving.volumes"),
    (
        r"\.(nodeSelector|tolerations|affinity|topologySpreadConstraints|schedulerName)\b",
        "Where the pods run is spec.serving.nodeSelector, tolerations, affinity, topologySpread and schedulerName",
    ),
    (r"\.image\b", "The image is part of the bundle: create another bundle with another image"),
)
_OTHERWISE = "Set in spec.serving what it has a field for, and have that client leave the {kind} alone"
_OF_AN_ENDPOINT = "Have that client leave the {kind} alone: where it leads is the spec of the ModelEndpoint"


def undone(owner: str, kind: str, name: str, managers: tuple[str, ...], paths: str) -> str:
    """The Event's words about an edit that was undone: by whom, of what, and what to do in its place."""
    way = next((words for pattern, words in _WAYS if kind == "Deployment" and re.search(pattern, paths)), _OTHERWISE)
    words = (_OF_AN_ENDPOINT if owner == ENDPOINT_KIND else way).format(name=name, kind=kind)
    shown = paths if len(paths) <= _LONGEST else f"{paths[:_LONGEST]}..."
    return f"An edit of the {kind} {name} by {quoted(', '.join(managers))} was undone: {quoted(shown)}. {words}."
