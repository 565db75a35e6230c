"""The client side: the `modelbundle` command, and the LaunchClient that is built on the same parts."""
