"""What is said of each request to those who operate the server: a line in the access log, spans of a trace.

Both are off unless they are asked for. They stand around the server, which knows nothing of them: without them no
request passes through anything here.
"""
