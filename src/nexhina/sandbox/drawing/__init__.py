"""Paints pictures with Pillow. Only the child process imports this package."""
