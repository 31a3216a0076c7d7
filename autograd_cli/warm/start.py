"""How this process came to have its frameworks: from their files, or from a warm process."""

_warm = False


def is_warm() -> bool:
    """Whether this process was forked from a warm one."""
    return _warm


def mark_warm() -> None:
    """Say so, for this process and those that it forks."""
    global _warm  # noqa: PLW0603 - it is about the process
    _warm = True
