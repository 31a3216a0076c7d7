"""Levels that are wrong on purpose, one mistake each but where it says so, and what each must be called."""
