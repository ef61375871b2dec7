"""kirin: videos from five AI models on the command line. Importing the package imports nothing else."""

__version__ = "0.1.0"
