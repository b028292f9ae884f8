"""The life of a request, without a server: plan, purse, attempts, relay, settle."""
