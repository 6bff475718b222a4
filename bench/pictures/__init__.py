"""Compare the image stage with the programs that people would use instead: ``python -m bench.pictures FOLDER``."""
