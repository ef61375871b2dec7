"""The entry point. `--version` is answered before anything is imported."""

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from kirin_cli import __version__  # noqa: PLC0415  (nothing else is loaded for a version)

        sys.stdout.write(f"kirin {__version__}\n")
        return 0
    from kirin_cli.cli.main import run  # noqa: PLC0415  (the same)

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
