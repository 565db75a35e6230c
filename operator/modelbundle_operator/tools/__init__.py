"""Commands beside the operator: CRDs, their reference, and the check of an installation."""
