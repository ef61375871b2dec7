"""The ledger where files cannot be locked or shared, as on some network file systems: said in words (fault L4)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import Home, run_several

NO_LOCKS = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
static int lock(int fd, int cmd, void *arg) {
  static int (*real)(int, int, ...);
  if (!real) real = dlsym(RTLD_NEXT, "fcntl");
  if (cmd == F_SETLK || cmd == F_SETLKW || cmd == F_GETLK) { errno = ERROR; return -1; }
  return real(fd, cmd, arg);
}
#define FCNTL(NAME) int NAME(int fd, int cmd, ...) { \\
  va_list rest; va_start(rest, cmd); void *arg = va_arg(rest, void *); va_end(rest); return lock(fd, cmd, arg); }
FCNTL(fcntl)
FCNTL(fcntl64)
int flock(int fd, int op) { errno = ERROR; return -1; }
"""
NO_SHARED_MEMORY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static int shared(int fd, int flags) {
  char path[64], name[512];
  if (fd < 0 || !(flags & MAP_SHARED)) return 0;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(path, name, sizeof name - 1);
  return n > 4 && !memcmp(name + n - 4, "-shm", 4);
}
#define MAP(NAME) void *NAME(void *at, size_t size, int kind, int flags, int fd, off_t start) { \\
  static void *(*real)(void *, size_t, int, int, int, off_t); \\
  if (!real) real = dlsym(RTLD_NEXT, #NAME); \\
  if (shared(fd, flags)) { errno = ERROR; return MAP_FAILED; } \\
  return real(at, size, kind, flags, fd, start); }
MAP(mmap)
MAP(mmap64)
"""
CASES = {
    "no locks": (NO_LOCKS, "ENOLCK", "its file system has no locks"),
    "locks are not supported": (NO_LOCKS, "EOPNOTSUPP", "Is it on a network file system"),
    "no shared memory": (NO_SHARED_MEMORY, "ENODEV", "shares no memory between processes (mmap)"),
    "shared memory is refused": (NO_SHARED_MEMORY, "EINVAL", "shares no memory between processes (mmap)"),
}
COMPILER = shutil.which("cc")
needs_a_compiler = pytest.mark.skipif(
    not (COMPILER and sys.platform == "linux"), reason="a file system is imitated with cc and LD_PRELOAD"
)


def preload(folder: Path, source: str, error: str) -> Path:
    """A library that makes system calls fail as such a file system does."""
    (folder / "calls.c").write_text(source)
    library = folder / "calls.so"
    command = [str(COMPILER), "-shared", "-fPIC", f"-DERROR={error}", "-o", library, folder / "calls.c", "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


@needs_a_compiler
@pytest.mark.parametrize("case", CASES)
def test_L4_a_file_system_without_locks_or_shared_memory_is_named_and_nothing_is_sent(tmp_path, case):
    source, error, words = CASES[case]
    home = Home(tmp_path)
    library = preload(tmp_path, source, error)
    environ = home.environ(LD_PRELOAD=str(library), KIRIN_API_KEY="sk-test-123456")
    lines = ["list"], ["v1-t2v", "hi", "--base-url", "http://127.0.0.1:9"]
    for result in run_several(lines, cwd=home.work, env=environ):
        assert (result.exit_code, words in result.stderr, "locked by another" in result.stderr) == (9, True, False)
        assert "in KIRIN_STATE_DIR" in result.stderr
        assert "sending" not in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="a folder of the kernel's own")
def test_L1_a_folder_in_which_nothing_can_be_made_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    result = Home(tmp_path).kirin("list", env={"KIRIN_STATE_DIR": str(tmp_path / "file/state")})
    assert (result.exit_code, "Name another folder in KIRIN_STATE_DIR." in result.stderr) == (9, True)
