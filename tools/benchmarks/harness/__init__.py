"""What the benchmarks share: load, processes, other servers, results and their pages."""
