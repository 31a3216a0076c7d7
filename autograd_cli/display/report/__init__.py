"""The whole evolution on one page: made from the code that runs and from the runs that it made."""
