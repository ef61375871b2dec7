"""The API key of a command: from the environment, else from --api-key-file, else the one that was stored."""

from kirin_cli.api.credentials import ApiKey, find_key
from kirin_cli.cli.folders import user_folder
from kirin_cli.cli.keystore import stored_key
from kirin_cli.cli.settings import Settings


def key_of(settings: Settings) -> ApiKey | None:
    """The key with its source; None where there is none. Raises NotPermitted for one that cannot be used."""
    found = find_key(settings.environ, settings.api_key_file)
    return found or stored_key(user_folder(settings.environ, "config"), settings.profile)
