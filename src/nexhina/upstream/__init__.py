"""The vendor's side of the data plane: connections, their pool, and what stands in for a vendor."""
