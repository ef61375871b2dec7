"""The entry point. `--version` is answered before anything is imported."""

import gc
import sys


def main() -> int:
    """Run the command line and return the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from kirin_cli import __version__  # noqa: PLC0415  (nothing else is loaded for a version)

        sys.stdout.write(f"kirin {__version__}\n")
        return 0
    gc.disable()  # what is imported stays; looking for garbage in it takes a tenth of the start and of the end
    try:
        from kirin_cli.cli.app import run_command_line  # noqa: PLC0415  (the same)

        return run_command_line(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the part of it that says so
        return 130
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
