"""Layers of requirements: a directory that install filled, packed into one file, and unpacked again elsewhere."""
