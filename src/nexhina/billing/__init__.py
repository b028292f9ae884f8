"""What a call costs: prices in force, charges, bounds for holds. Pure; no vendor, no clock, no SQL."""
