"""Run the command line as ``python -m mmsprep``."""

from mmsprep.cli import main

main()
