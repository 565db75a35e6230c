"""Bundles to start from. `python -m examples.pack OUT_DIR` packs them into artifacts and manifests."""
