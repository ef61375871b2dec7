"""Flags of added models that get in nobody's way: neither the flags that every model command has nor one another."""

from collections.abc import Iterator
from typing import Final

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Boolean, Field, YesNo

COMMON_FLAGS: Final = frozenset(
    {
        "again", "allow-env", "api-key-file", "assume-cost", "base-url", "check-urls", "color", "count", "dry-run",
        "file", "force", "format", "full", "help", "json", "jsonl", "max-cost", "no-notify", "no-wait", "notify",
        "open", "output", "param",
        "preview", "profile", "progress", "prompt-file", "quiet", "raw", "report", "sandbox", "strict", "tag",
        "timeout", "to-yaml", "verbose", "version", "wait",
    }
)  # fmt: skip
"""Those of every model command, without their dashes, and some that may become such; a test holds them together."""
COMMON_SHORTS: Final = frozenset({"-f", "-h", "-o", "-q", "-v", "-V"})


def with_free_flags(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields, with another flag where theirs is taken, and without a short flag that is."""
    names, shorts = set(COMMON_FLAGS), set(COMMON_SHORTS)
    return tuple(_with_free_flag(field, "", names, shorts) for field in fields)


def _with_free_flag(field: Field, prefix: str, names: set[str], shorts: set[str]) -> Field:
    """The field below the flag `prefix`, "" for none; what it takes is added to `names` and `shorts`."""
    if field.short in shorts or (field.short and prefix):
        field = field.replace(short="")
    shorts |= {field.short} - {""}
    if prefix and isinstance(field, ListField):
        return field  # it has no flag of its own
    derived = f"{prefix}-{field.name}".lstrip("-").replace("_", "-")
    own = derived if field.flag is None else field.flag or prefix
    is_inner_group = bool(prefix) and isinstance(field, ObjectField)  # which has no flag either: its members' begin so
    candidates = _candidates(own.strip("-") or "param")
    free = own if is_inner_group else next(name for name in candidates if not names & _spellings(field, name))
    if free != own:
        field = field.replace(flag=free)
    if isinstance(field, ObjectField):  # one of its members may have its flag, and then it has none
        field = field.replace(fields=tuple(_with_free_flag(member, free, names, shorts) for member in field.fields))
    names |= set() if is_inner_group else _spellings(field, free)
    if isinstance(field, ListField):
        variants = {flag: variant for flag, variant in field.variants.items() if flag not in names}
        names |= variants.keys()
        return field.replace(variants=variants)
    return field


def _candidates(name: str) -> Iterator[str]:
    yield name
    yield f"param-{name}"
    yield from (f"param-{name}-{number}" for number in range(2, 2000))


def _spellings(field: Field, name: str) -> set[str]:
    return {name, f"no-{name}"} if isinstance(field, Boolean | YesNo) else {name}
