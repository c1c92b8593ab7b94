"""What every domain stands on: errors, ids, clock, canonical JSON, rates, outbox, deadlines."""
