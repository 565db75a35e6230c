"""One pass over one object of either kind: observe, apply, judge, write the status."""
