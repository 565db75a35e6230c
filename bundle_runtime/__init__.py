"""What runs in a bundle's pods, and in the local processes of `modelbundle serve`."""

import sys

if sys.version_info < (3, 8):  # in the user's image: before anything else can fail
    from bundle_runtime.contract.old_python import refuse

    refuse()
