"""`make bench-batching`: how many requests each server's batching answers in time, below and above its capacity."""
