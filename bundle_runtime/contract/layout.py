"""Where everything of one bundle sits: the only place that spells the pod contract's paths.

The same tree serves a pod (below ``/modelbundle``) and ``modelbundle serve`` (below a temporary directory).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

DEFAULT_ROOT = "/modelbundle"
ROOT_VARIABLE = "MODELBUNDLE_ROOT"
CERTIFICATES_VARIABLE = "MODELBUNDLE_CERTIFICATES"  # prepare's: where the certificates file comes from
NETRC_VARIABLE = "MODELBUNDLE_INDEX_NETRC"  # install's: the logins of package indexes
USER_CODE_UID = 65533  # install and worker run the user's image
HOME = "/tmp/home"  # of the worker in a pod


class Layout:
    """The paths below one root; nothing is created or looked at."""

    def __init__(self, root: str = DEFAULT_ROOT) -> None:
        self.root = os.path.abspath(root)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Layout:
        return cls(environment.get(ROOT_VARIABLE) or DEFAULT_ROOT)

    def __repr__(self) -> str:
        return f"Layout({self.root!r})"

    def _below(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    @property
    def config_file(self) -> str:
        """The bundle document."""
        return self._below("config", "bundle.json")

    @property
    def layer_reference_file(self) -> str:
        """Where the layer of the requirements is, when there is one (bundle_runtime/contract/layer.py)."""
        return self._below("config", "layer.json")

    @property
    def bundle_dir(self) -> str:
        """What prepare writes; read-only to the worker."""
        return self._below("bundle")

    @property
    def runtime_dir(self) -> str:
        """Holds the package ``bundle_runtime`` for the user's Python: the working directory of install and worker."""
        return self._below("bundle", "runtime")

    @property
    def vendor_dir(self) -> str:
        """Pure-Python packages for images that lack them (cloudpickle): last on sys.path."""
        return self._below("bundle", "runtime", "vendor")

    @property
    def uv(self) -> str:
        return self._below("bundle", "runtime", "bin", "uv")

    @property
    def artifact_dir(self) -> str:
        """The unpacked zip, or the directory of the pickle."""
        return self._below("bundle", "artifact")

    @property
    def pickle_file(self) -> str:
        return self._below("bundle", "artifact", "bundle.pkl")

    @property
    def requirements_dir(self) -> str:
        """What install wrote: a plain directory for site.addsitedir."""
        return self._below("requirements")

    @property
    def layer_volume(self) -> str:
        """Absent in pods whose template is older than layers."""
        return self._below("layer")

    @property
    def layer_dir(self) -> str:
        """The unpacked layer, complete: prepare renames it into its place. Named as what it stands for: files below a
        directory of that name are no code of the bundle's author (bundle_runtime/worker/user_errors.py)."""
        return self._below("layer", "requirements")

    @property
    def layer_mark_file(self) -> str:
        """The reference by which the unpacked layer was fetched."""
        return self._below("layer", "reference.json")

    @property
    def worker_socket(self) -> str:
        return self._below("socket", "worker.sock")

    @property
    def certificates_file(self) -> str:
        """The authorities that a pod trusts, where the operator's setting caConfigMap names some."""
        return self._below("certificates", "ca.crt")

    @property
    def claim_dir(self) -> str:
        """prepare's: the claim of an artifact at pvc://CLAIM/PATH."""
        return self._below("claim")

    @property
    def drain_socket(self) -> str:
        """On no volume that the worker has: in a pod the server has a /tmp of its own."""
        return "/tmp/drain.sock" if self.root == DEFAULT_ROOT else self._below("drain.sock")
