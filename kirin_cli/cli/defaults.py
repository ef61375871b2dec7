"""The defaults of a command's flags as settings files have them, read when a flag is looked up. Knows no parser.

What the parser calls a default map: it asks for a value by parameter name where neither the command line nor the
environment gave one. Help asks for none, so the table of settings is loaded with the first question.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kirin_cli.cli.setting_table import Setting
    from kirin_cli.cli.sources import Sources


class FileDefaults(dict[str, Any]):
    """Values by parameter name. `profile` is set before the first is asked for; UsageError as `sources` raises it."""

    def __init__(self, environ: Mapping[str, str], variables: Mapping[str, str]) -> None:
        """`variables` are the environment variables of parameters, by the parameters' names."""
        super().__init__()
        self.profile: str | None = None
        self._environ = environ
        self._variables = variables

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """The text that a file has for the parameter, else `default`."""
        setting = self._settings.get(name)
        found = self._sources.find(setting) if setting else None
        return found.text if found else default

    @cached_property
    def _settings(self) -> "dict[str, Setting]":
        from kirin_cli.cli.setting_table import SETTINGS  # noqa: PLC0415  (see above)

        by_variable = {setting.env: setting for setting in SETTINGS.values()}
        return {name: by_variable[one] for name, one in self._variables.items() if one in by_variable}

    @cached_property
    def _sources(self) -> "Sources":
        from kirin_cli.cli.sources import sources  # noqa: PLC0415  (see above)

        return sources(self._environ, self.profile)
