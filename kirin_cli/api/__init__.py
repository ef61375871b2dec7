"""The service and the servers of its results: the only room that opens connections. Knows no ledger, prints nothing."""
