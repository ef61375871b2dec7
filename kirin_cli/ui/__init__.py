"""User interface: safe text, streams and colour, findings with carets, the progress of a run. Nothing here decides."""
