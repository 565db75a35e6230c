"""`oip-conformance URL`: an Open Inference Protocol server, checked clause by clause over REST.

The clauses are the published specification's (kserve/open-inference-protocol, inference_rest.md) and, where a server
says that it has it, those of the binary tensor extension. It knows nothing of this project and runs against any server.
"""
