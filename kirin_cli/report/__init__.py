"""Results as data and text. A new format is one file with `render(summary) -> str` and one row here."""
