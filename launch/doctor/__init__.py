"""What this machine, the cluster and the store can do for a bundle: `modelbundle doctor`."""
