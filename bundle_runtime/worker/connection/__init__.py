"""The worker's end of the socket to the server, and what ends a worker that stalls."""
