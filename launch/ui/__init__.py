"""The page of `modelbundle ui`: bundles and endpoints in a browser, served by the command on this machine alone.

What the page shows is read with the rights of the command's user; nothing of it runs in the cluster.
"""
