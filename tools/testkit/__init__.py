"""What tests, demo and benchmarks share: a cluster at hand, its store, and an installed operator."""
