"""How long a client may keep a connection to the server: what a ModelEndpoint that moves counts on.

A connection is bound to one pod. When the endpoint moves to another bundle, or pods are added, connections that are
kept open would stay where they are forever. So the server ends each in good time: with `connection: close` on the
answer to a request, which loses none, or in silence when it is idle.
"""

CONNECTION_SECONDS = 30.0
# idle and older than that: no request is about to come, as far as a server can tell
IDLE_SECONDS = 15.0
# a connection that is younger than this may exist; the server looks once a second
MAX_CONNECTION_AGE_SECONDS = CONNECTION_SECONDS + IDLE_SECONDS + 1.0
