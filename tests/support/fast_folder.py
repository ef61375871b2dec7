"""A folder in memory, where there is such a thing: waiting for a disk's fsync proves nothing in a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

MEMORY = Path("/dev/shm")


@contextmanager
def fast_folder(otherwise: Path) -> Iterator[Path]:
    """A folder that is gone afterwards, below `otherwise` where no file system is in memory."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else otherwise) as folder:
        yield Path(folder)
