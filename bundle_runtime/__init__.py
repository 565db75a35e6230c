"""What runs in a bundle's pods, and in the local processes of `modelbundle serve`."""
