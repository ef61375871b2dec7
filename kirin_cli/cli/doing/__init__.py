"""What the commands do once their flags are read: loaded when one is called, so that help costs none of it."""
