"""How the suite runs: two workers a core, and without what only a POSIX system can try on Windows."""

import os
import sys

POSIX_ONLY = ["faults/*", "shells/*", "tasks/*", "recording/*", "api/test_api_parts.py", "ui/test_ui_outlet.py"]
collect_ignore_glob = POSIX_ONLY if sys.platform == "win32" else []


def pytest_xdist_auto_num_workers():
    """Many tests wait for processes and sockets rather than for a core."""
    return 2 * (os.cpu_count() or 1)
