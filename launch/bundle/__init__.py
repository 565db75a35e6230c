"""One bundle as an object of the API: its fields, its names, its state, and what is derived from it."""
