"""Benchmarks with planted truth; nothing of the program imports them."""
