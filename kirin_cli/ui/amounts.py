"""Times and shares as people read them. Knows no terminal."""

from math import isfinite


def duration(seconds: float) -> str:
    """Seconds as 0:07, 1:24 or 1:02:03; less than none reads as none."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def fraction(progress: float | None) -> float | None:
    """What a service says of its progress, brought between 0.0 and 1.0; None for what is no number."""
    return min(1.0, max(0.0, progress)) if progress is not None and isfinite(progress) else None


def percent(done: float) -> str:
    """0.0-1.0 as a whole percentage, rounded down: 100 % only when all is there."""
    return f"{int(done * 100 + 1e-9)} %"
