"""What runs: a bundle with its base's fields, its image, its digest and the names of its objects."""
