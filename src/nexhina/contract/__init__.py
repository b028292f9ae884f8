"""The public contract as data: operations, routes, headers, error codes."""
