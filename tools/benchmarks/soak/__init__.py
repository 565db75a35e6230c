"""Mixed load against a server and its worker for minutes, with everything that goes wrong in production."""
