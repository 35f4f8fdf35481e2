"""Every speed that Mesolens claims, measured side by side with a peer where there is one: `python -m benchmarks`."""
