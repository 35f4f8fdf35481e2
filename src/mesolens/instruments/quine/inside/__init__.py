"""What runs inside the sandbox: programs that stand on the standard library alone."""
