"""Not part of the product: the local cluster, benchmarks, the demo, releases, and what tests share with them."""
