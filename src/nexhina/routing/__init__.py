"""Which channel is tried, in which order, and when trying stops. Pure."""
