"""Which bundle a ModelEndpoint's Service selects, and when it moves."""
