"""Types and models of the user's code become JSON Schemas."""
