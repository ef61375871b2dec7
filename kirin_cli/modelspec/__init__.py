"""What a model is made of: fields, rules, problems. Importing the package loads nothing; import its modules."""
