"""Functions and models become pickles."""
