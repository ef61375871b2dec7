"""kirin: videos from five AI models on the command line. Importing the package imports nothing else."""

__version__ = "0.1.0"
REPOSITORY = "https://github.com/kirin-cli/kirin"
"""Where the program is developed, and bugs are reported; `project.urls` of pyproject.toml says the same."""
