"""A background process that has the frameworks imported, and forks a worker for each command that asks."""
