"""What Dagster loads, when it runs, and the command line over the same code."""
