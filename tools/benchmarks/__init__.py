"""Measurements of what the project claims, each beside a yardstick of the same run."""
