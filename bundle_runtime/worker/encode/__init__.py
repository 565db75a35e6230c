"""A prediction as JSON text, or as bytes that become JSON in the server."""
