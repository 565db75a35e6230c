"""Clients that try to end a server or to keep it from others: one table of them, for tests and for `make soak`."""
