"""Small real servers on loopback, started for the tests and stopped by the pids that were started."""
