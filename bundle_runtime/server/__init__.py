"""The HTTP front: a sidecar of its own image and Python, so that it outlives the model and its memory."""
