"""The entry point. `--version` is answered before anything is imported, and `--help` before the parser is."""

import gc
import sys


def main() -> int:
    """Run the command line and return the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from kirin_cli import __version__  # noqa: PLC0415  (nothing else is loaded for a version)

        try:
            sys.stdout.write(f"kirin {__version__}\n")
            sys.stdout.flush()
        except (OSError, AttributeError):  # AttributeError: there is no standard output
            sys.argv[1:] = ["version"]  # which says so
        else:
            return 0
    arguments = sys.argv[1:]
    gc.disable()  # what is imported stays; looking for garbage in it takes a tenth of the start and of the end
    try:
        if (not arguments or arguments[0] == "help" or arguments[-1] in {"--help", "-h"}) and print_help(arguments):
            return 0
        from kirin_cli.cli.app import run_command_line  # noqa: PLC0415  (the same)

        return run_command_line(arguments)
    except KeyboardInterrupt:  # before or after the part of it that says so
        return 130
    finally:
        gc.freeze()


def print_help(arguments: list[str]) -> bool:
    """Print the help that is asked for; false where none is, or that fails, which is left for others to say."""
    from kirin_cli.cli.folders import find_added_models  # noqa: PLC0415  (and no parser for this)
    from kirin_cli.cli.help import render_help, requested_help  # noqa: PLC0415  (the same)
    from kirin_cli.errors import KirinError  # noqa: PLC0415  (the same)
    from kirin_cli.models import use_added_models  # noqa: PLC0415  (the same)

    use_added_models(find_added_models)
    try:
        screen = requested_help(arguments)
        if screen is None:
            return False
        sys.stdout.write(render_help(screen) + "\n")
        sys.stdout.flush()
    except (KirinError, OSError, AttributeError):  # AttributeError: there is no standard output
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
