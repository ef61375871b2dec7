"""A frozen record with named fields: like a frozen dataclass, but quick to import and to define."""

from typing import ClassVar, NoReturn, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record:
    """Its fields are the annotations of its class and bases, in order; class attributes are their defaults.

    Two records are equal only where they are one and the same; with `eq`, where all their values are.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, object]] = {}  # that each instance holds too: more room, and found sooner
    _names: ClassVar[frozenset[str]] = frozenset()
    _required: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, eq: bool = False, **_: bool) -> None:
        names = (
            name for name, kind in cls.__annotations__.items() if getattr(kind, "__origin__", None) is not ClassVar
        )
        cls._fields = tuple(dict.fromkeys((*cls._fields, *names)))
        cls._names = frozenset(cls._fields)
        cls._required = frozenset(name for name in cls._fields if not hasattr(cls, name))
        if eq:
            cls.__eq__ = _has_same_values  # type: ignore[method-assign,assignment]
            cls.__hash__ = _hash_values  # type: ignore[method-assign,assignment]

    def __init__(self, *values: object, **named: object) -> None:
        arguments = {**dict(zip(self._fields, values, strict=False)), **named} if values else named
        fits = len(arguments) == len(values) + len(named) and self._required <= arguments.keys() <= self._names
        if not fits:
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._fields)}; given are {', '.join(arguments)}")
        for name, value in {**self._defaults, **arguments}.items():  # the dict of `__dict__` would take twice the room
            object.__setattr__(self, name, value)

    def replace(self, **changes: object) -> Self:
        """The same with some fields changed."""
        if not changes.keys() <= self._names:
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._fields)}; given are {', '.join(changes)}")
        changed = object.__new__(type(self))
        vars(changed).update(vars(self))
        vars(changed).update(changes)
        return changed

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen; {name} cannot be set")

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({members})"


def _has_same_values(record: Record, other: object) -> object:
    if type(record) is not type(other):
        return NotImplemented
    return all(getattr(record, name) == getattr(other, name) for name in record._fields)


def _hash_values(record: Record) -> int:
    return hash(tuple([getattr(record, name) for name in record._fields]))
