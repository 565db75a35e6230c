"""Which object is reconciled when, and what becomes of a failure."""
