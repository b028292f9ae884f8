"""Use-cases with transactions: what the command line, the console and the management API do."""
