"""What can be trained: the tasks of this package, of installed ones, and levels in a user's own files."""
