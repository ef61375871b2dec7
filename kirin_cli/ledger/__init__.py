"""The ledger: what was asked of the service, what came of it, and who looks after it. Sends nothing."""
