"""Every version that this directory pins, in one place; programs/go.mod pins those of the programs too."""

KUBERNETES = "v1.35.4"  # the last minor that takes containerd 1.x, which Debian 12 has
# compiled with the same k8s.io modules as Kubernetes is, so that these are compiled once: the last that asks for 0.35
COREDNS = "v1.14.7"
HELM = "v4.3.1"  # helm/go.mod pins it; 4.1, the last that asks for 0.35, cannot roll back to an object that was kept
VERSITYGW = "v1.8.0"
ARGOCD = "v3.5.7"  # built only when asked for; argo-cd/go.mod pins it too, with what it needs
KWOK = "v0.8.0"  # built only when asked for; kwok/go.mod pins it too, with what it needs
NETWORK_POLICIES = "v0.8.0"  # built only when asked for; enforcer/go.mod pins it too, with what it needs
GO_WHEEL = "1.26.6"  # used only where the machine's own Go is missing or too old

DEBIAN_SUITE = "bookworm"  # of the stand-ins for users' images
PYTHON_SUITE = "trixie"  # of the product's images: its CPython is 3.13
NUMPY = {"3.8": "1.24.4", "3.12": "1.26.4"}  # in the stand-in images; 1.24.4 is the last one for Python 3.8
