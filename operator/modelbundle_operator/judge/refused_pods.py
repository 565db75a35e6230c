"""When a quota, a LimitRange or the platform refuses the pods: which field or setting it is about.

What is refused may be a container that the author has never written: prepare and server have their own resources.
"""

import re

_MEMORY = (
    "Memory is serving.resources.memory for worker and install, serving.serverResources.memory for the server and"
    " serving.prepareResources.memory for prepare; what is set is asked for and is the limit"
)
_CPU = (
    "CPU is serving.resources.cpu for worker and install, serving.serverResources.cpu for the server and"
    " serving.prepareResources.cpu for prepare"
)
_LIMIT = "Set serving.resources.cpuLimit, with which every container has a CPU limit"

# as the quota, the LimitRange and the validation of pods say it
_ADVICE = (
    (r"must specify [\w.,]*limits\.cpu", f"{_LIMIT}."),
    (r"must specify [\w.,]*(limits|requests)\.memory", f"{_MEMORY}."),
    (
        r"must be less than or equal to cpu limit",
        f"A LimitRange limits what sets no limit. {_LIMIT} of its own, or ask for less. {_CPU}.",
    ),
    (r"must be less than or equal to memory limit", f"A LimitRange limits what sets no limit. {_MEMORY}."),
    (r"memory usage per (Container|Pod)|memory max limit to request ratio", f"{_MEMORY}."),
    (r"maximum cpu usage per (Container|Pod)|cpu max limit to request ratio", f"{_LIMIT}. {_CPU}."),
    (r"minimum cpu usage per (Container|Pod)", f"{_CPU}."),
    (
        r"security context constraint",
        "OpenShift chooses ids: set the operator's podIds to platform, then a new serving.rollout.token.",
    ),
)
_ANYTHING = "Change what it names."


def advice(said: str) -> str:
    """What to do about these words of the API server, in sentences."""
    return next((words for pattern, words in _ADVICE if re.search(pattern, said)), _ANYTHING)
