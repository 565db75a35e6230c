"""Reading artifacts from where they are stored: for prepare, and for the client's stores."""
