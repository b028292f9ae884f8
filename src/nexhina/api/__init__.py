"""The management API: what a running server lets its owner do, over the control socket for now."""
