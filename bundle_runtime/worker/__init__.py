"""What runs in the user's image, on the user's Python (3.8 or newer) and with the standard library only."""
