"""What can only be tried on a POSIX system is left out on Windows."""

import sys

POSIX_ONLY = ["faults/*", "shells/*", "tasks/*", "recording/*", "api/test_api_parts.py", "ui/test_ui_outlet.py"]
collect_ignore_glob = POSIX_ONLY if sys.platform == "win32" else []
