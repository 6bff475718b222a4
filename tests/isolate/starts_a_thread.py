"""A module that must not be imported before a fork."""

import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()
