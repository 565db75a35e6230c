"""From the user's functions or folders to an artifact and the fields of spec.bundle; nothing here asks a cluster."""
