"""A local service that speaks the protocol, for trying things and for testing pipelines. Start at `server.Sandbox`."""
