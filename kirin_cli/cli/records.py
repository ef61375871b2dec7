"""Commands whose flags are the fields of a record: one declaration for Typer's signature and for what does the work."""

from collections.abc import Callable, Sequence
from importlib import import_module
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


def verb(record: type, name: str, says: str = "") -> Callable[..., int]:
    """The command whose flags are the fields of `record`, and whose help is `says` or the record's docstring.

    `do(record)` in `kirin_cli.cli.doing.NAME` does the work; help loads none of it.
    """

    def call(**given: object) -> int:
        code: int = import_module(f"kirin_cli.cli.doing.{name}").do(record(**given))
        return code

    return signed(call, keywords(record), says or record.__doc__ or "")
