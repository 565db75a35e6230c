"""HTTP/1.1 as such: requests in, responses out, nothing of bundles."""
