"""What measures the exporter: speed, memory and calls to AWS, each beside its target (docs/performance.md)."""
