"""One request: its fields in, the frame that answers it out."""
