"""The two kinds as pydantic models, and the words of their statuses."""
