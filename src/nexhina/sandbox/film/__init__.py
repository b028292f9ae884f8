"""Films; imported in the child process only."""
