"""Applications: programs that become the server."""
