"""The comparator of the browser benchmarks: one page with plain livekit-client, on the same media engine."""
