"""Models that people take in: YAML files with fields and rules as data. Importing the package loads nothing."""
