"""How fast and how large the operator is with many bundles, beside the floor: `make bench-operator`."""
