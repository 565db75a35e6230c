"""What a bundle is, once, for operator, client and runtime: Python 3.8 or newer."""
