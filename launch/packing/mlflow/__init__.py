"""A directory that MLflow wrote becomes a bundle. MLflow itself is not needed for that: its MLmodel file is YAML."""
