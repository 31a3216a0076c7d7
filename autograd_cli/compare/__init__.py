"""Recorded runs side by side, one by one or in groups."""
