"""The init container `prepare`: fetches the artifact, proves its sha256, unpacks it, places the worker's files."""
