"""What an outsider checks without trusting the server that is checked; nothing here is imported from conclave."""
