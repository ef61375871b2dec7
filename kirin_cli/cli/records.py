"""Commands whose flags are the fields of a record: one declaration for Typer's signature and for the data."""

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature


def keywords(record: type) -> list[Parameter]:
    """The fields of a dataclass as keyword parameters, annotated as Typer wants them."""
    return [one.replace(kind=Parameter.KEYWORD_ONLY) for one in signature(record, eval_str=True).parameters.values()]


def signed(function: Callable[..., int], asked: Sequence[Parameter], says: str) -> Callable[..., int]:
    """The function with the signature that Typer reads, and the help that it prints."""
    function.__signature__ = Signature(asked, return_annotation=int)  # type: ignore[attr-defined]
    function.__annotations__ = {one.name: one.annotation for one in asked}
    function.__doc__ = says
    return function
