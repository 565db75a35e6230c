"""One prediction: decoded, checked, sent to the worker; its response checked, encoded and sent to the client."""
