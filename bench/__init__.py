"""Benchmarks: run side by side in one run, print absolutes and ratios."""
