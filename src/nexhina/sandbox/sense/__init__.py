"""What texts mean, read by a language model of its own package in a child process."""
