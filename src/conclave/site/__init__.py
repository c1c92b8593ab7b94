"""Pages that cross domains; no models, no rules."""
