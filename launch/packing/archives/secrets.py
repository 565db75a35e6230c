"""Files that hold secrets, by their names: an archive is read by every pod of the bundle, and kept for good."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import List, Sequence

# never meant: left out, unless a line of the ignore file asks for it
SECRETS = (
    ".env", ".env.*", ".envrc", ".ssh", ".aws", ".kube", ".gnupg", ".docker", ".netrc", "_netrc", ".pypirc",
    ".git-credentials", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
)  # fmt: skip
# may be a certificate, or an example: packed, and said
DOUBTFUL = ("*.pem", "*.key", "kubeconfig", "kubeconfig.*", "*credentials*.json", "service-account*.json")
_MOST_NAMED = 5


def is_secret(name: str) -> bool:
    """`name` is that of a file or a directory, without its path."""
    return _one_of(name, SECRETS)


def is_doubtful(name: str) -> bool:
    """Whether a file of this name may hold secrets."""
    return _one_of(name, DOUBTFUL)


def left_out(base: object, paths: List[str], ignore_file: str) -> str:
    """The warning that files with secrets are not packed."""
    return (
        f"what holds secrets is left out of {base}: {_listed(paths)}. spec.serving.envFrom gives a bundle those of a "
        f"Kubernetes Secret; a line !NAME in {ignore_file} packs the file nevertheless"
    )


def packed_with(base: object, paths: List[str], ignore_file: str) -> str:
    """The warning that files which may hold secrets are packed."""
    return (
        f"files of {base} that may hold secrets are packed: {_listed(paths)}. All who may read the artifact read "
        f"them; name them in {ignore_file}, or write !NAME there if they are meant"
    )


def _one_of(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name.lower(), pattern) for pattern in patterns)


def _listed(paths: List[str]) -> str:
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(sorted(paths)[:_MOST_NAMED]) + more
