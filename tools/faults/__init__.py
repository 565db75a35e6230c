"""Faults between the operator and a real API server: `make faults`. What is tried and how: docs/how-to/faults.md."""
