"""Vendors as declarations: where they are, what they speak, how they differ. No vendor needs code."""
