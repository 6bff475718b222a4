"""Sound: measured, planned for its bytes, encoded and counted."""
