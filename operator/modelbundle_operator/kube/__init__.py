"""The API server: the only place that talks to it."""
