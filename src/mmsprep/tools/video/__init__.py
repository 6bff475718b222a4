"""Moving pictures: described, tried at several sizes on samples, coded in two passes, put into a clean file."""
