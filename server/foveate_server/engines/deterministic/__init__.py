"""An engine without a network: for tests, and to measure the server alone."""
