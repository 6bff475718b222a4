"""A module that takes its time, so that its importer can be killed meanwhile."""

import time

time.sleep(20)
