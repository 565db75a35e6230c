"""What imports what: the fences of `make check` that import-linter has no contract for, and circles."""
