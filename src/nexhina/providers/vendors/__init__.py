"""One declaration per vendor; they do not know each other."""
