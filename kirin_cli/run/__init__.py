"""The engine between a checked request and its file: preparing, submitting, polling, fetching. Prints nothing."""
