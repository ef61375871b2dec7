"""The parts of a model: fields, rules, problems. Importing the package loads nothing; import its modules."""
