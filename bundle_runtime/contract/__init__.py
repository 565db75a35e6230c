"""What prepare, server and worker agree on: copied whole into the user's image, Python 3.8 and the standard library."""
