"""A service on loopback, honest or faulty: the API, a CDN, a proxy, and what it saw."""
