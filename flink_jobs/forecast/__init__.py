"""Forecast: what a live job will keep, and whether it may, from a sample of what its tables hold."""
