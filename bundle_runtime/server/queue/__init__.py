"""Which request runs next, how many may wait, and when one is too late."""
