"""The Kubernetes API and the pods behind it, as the client uses them."""
