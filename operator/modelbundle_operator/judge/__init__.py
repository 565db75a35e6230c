"""From what is observed to conditions. Pure."""
