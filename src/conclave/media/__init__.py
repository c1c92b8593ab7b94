"""Regions, placement, tickets, the media engine and the relay."""
