"""Model servers side by side: the same functions, the same client, one core and two. `make bench-serving` runs it."""
