"""`make demo`: the main job of the product, shown on this machine. tests/cluster installs and uploads by it too."""
