"""Where users of the original import its exceptions from; the original's generated client is not here."""
