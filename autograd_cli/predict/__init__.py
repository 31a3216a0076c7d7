"""A trained model, rebuilt from its run directory alone, and the rows that go in and come out."""
