"""Orders of public authorities: how they are received, judged, and how far they may reach."""
