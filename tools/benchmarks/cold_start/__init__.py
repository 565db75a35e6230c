"""How long a start takes, from `kubectl apply` to the first answer: a bare pod, KServe's shape by hand, a bundle."""
