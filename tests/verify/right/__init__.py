"""Levels that are right, written in ways that the package's own are not."""
