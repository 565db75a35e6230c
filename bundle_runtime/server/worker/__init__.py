"""The server's end of the socket to the worker."""
