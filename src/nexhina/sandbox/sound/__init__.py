"""Speaking and hearing; imported in the child process only."""
