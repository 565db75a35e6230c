"""The import path of the original: `from launch.connection import Connection`."""

from launch.cluster.connection import Connection

__all__ = ["Connection"]
