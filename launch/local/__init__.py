"""A bundle on this machine, as local processes: `modelbundle serve`."""
