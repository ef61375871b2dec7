"""What a model is made of: fields, laws, problems. Importing the package loads nothing; import its modules."""
