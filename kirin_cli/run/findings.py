"""A problem together with where a person can see it: at file:line:column, or at a flag."""

from dataclasses import dataclass

from kirin_cli.spec.problem import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem of one job, or of a whole file (then `job` and `path` are "").

    `line` and `column` count from 1; 0 means there is none. `flag` is the flag that set the value ("--cfg-scale"),
    where it came from the command line. `via` says how an expansion led here ("shots.csv:17").
    """

    message: str
    severity: Severity = "error"
    rule: str = ""
    path: str = ""
    job: str = ""
    flag: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    via: str = ""
