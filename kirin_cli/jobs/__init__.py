"""Job files: how people write down what they want. Knows no model; parameters are the models' to judge."""
