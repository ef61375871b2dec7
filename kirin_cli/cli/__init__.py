"""The command line: Typer only here, one module a verb, each loaded when it is called."""
