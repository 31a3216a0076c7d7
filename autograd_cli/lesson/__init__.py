"""A level's source cut into its verbs, its keys, and what a step from one level to another changes."""
