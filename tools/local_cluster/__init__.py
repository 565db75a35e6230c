"""A real Kubernetes on one machine, without a container engine: for the demo, the tests and development.

Standard library only: it runs before anything is installed. From a shell: `python -m tools.local_cluster --help`.
"""

from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.variables import environment

__all__ = ["ClusterError", "NotUpError", "environment"]
