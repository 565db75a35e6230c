"""`make bench-torch`: a torch model behind a served bundle, beside the same model called in a loop."""
