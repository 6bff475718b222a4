"""Prepare the given files into a store, over and over on two threads, until somebody kills us."""

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from mmsprep import Pipeline

store, *files = sys.argv[1:]
with Pipeline(store=store) as pipeline, ThreadPoolExecutor(2) as threads:
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    for _ in threads.map(pipeline.prepare, (file for file, _ in zip(cycle(files), range(1000), strict=False))):
        pass
