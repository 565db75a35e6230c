"""The ways to ask for a prediction beside POST /predict, each in a module of its own."""
