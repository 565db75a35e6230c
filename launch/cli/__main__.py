"""`python -m launch.cli`, for where the `modelbundle` script is not on PATH."""

from launch.cli import main

main()
