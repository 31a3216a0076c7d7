"""`evo`: the same training, written at rising levels of abstraction, made comparable."""

__version__ = "0.1.0"
