"""The offline vendor: deterministic by seed, honest about what it is, worth testing against."""
