"""`python -m tools.local_cluster`."""

import sys

from tools.local_cluster.cli import main

sys.exit(main())
