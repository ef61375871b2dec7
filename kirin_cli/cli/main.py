"""The program's one catch-all: every error ends here, is said in words, and becomes an exit code."""

import os
import sys
from collections.abc import Sequence

from typer.exceptions import Abort, TyperException

from kirin_cli.cli.app import application
from kirin_cli.errors import Interrupted, KirinError, UsageError


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code. Without arguments it shows help."""
    try:
        result = application().main(args=list(arguments) or ["--help"], prog_name="kirin", standalone_mode=False)
    except KirinError as error:
        return _said(error)
    except TyperException as error:
        return _said(_in_words(error, arguments))
    except (KeyboardInterrupt, Abort):
        return _said(Interrupted("interrupted"))
    except Exception as error:  # noqa: BLE001  (the one place; see the docstring)
        return _crashed(error)
    return result if isinstance(result, int) else 0


def _in_words(error: TyperException, arguments: Sequence[str]) -> UsageError:
    from kirin_cli.cli.mistakes import usage_error  # noqa: PLC0415  (only where something was mistyped)

    return usage_error(error, arguments)


def _said(error: KirinError) -> int:
    from kirin_cli.cli.console import talk  # noqa: PLC0415  (only where something went wrong)

    talk().error(error)
    return error.exit_code


def _crashed(error: Exception) -> int:
    import traceback  # noqa: PLC0415  (only for a bug)

    from kirin_cli.api.credentials import VARIABLE, scrub  # noqa: PLC0415
    from kirin_cli.ui.escape import harmless  # noqa: PLC0415

    text = scrub("".join(traceback.format_exception(error)), os.environ.get(VARIABLE, ""))
    sys.stderr.write(harmless(text, multiline=True, limit=20_000) + "\n")
    return _said(KirinError(f"a bug in kirin: {type(error).__name__}", hint="please report it with the lines above"))
