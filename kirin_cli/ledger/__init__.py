"""The ledger: what was asked of the service, what came of it, and which process owns it. Sends nothing."""
