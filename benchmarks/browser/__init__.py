"""What the benchmarks in real browsers share."""
