"""The sealed ledger and the journal; knows no other domain."""
