"""Known ways to break the invariants, each of which a named test must notice."""
