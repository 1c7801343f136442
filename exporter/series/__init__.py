"""Pure arithmetic on datapoints: no I/O and no clock of its own."""
