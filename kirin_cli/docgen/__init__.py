"""Text derived from the spec and the table of commands: completions, JSON Schema, README tables, help, manual pages."""
