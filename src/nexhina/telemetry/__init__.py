"""What the operator sees: metrics in memory and their rendering, the log, the clock; null twins."""
