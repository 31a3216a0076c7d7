"""Scripts that measure; their results stand beside them."""
