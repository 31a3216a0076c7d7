"""Levels that are wrong on purpose, one mistake each but where it says so, with the name that each must get."""
