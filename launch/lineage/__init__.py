"""Bundles that are derived from each other: made, compared, shown, written out for Git. Nothing here asks a cluster."""
