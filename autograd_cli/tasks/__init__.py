"""The tasks: a folder each, and in it a file per implementation. `ls` here is the matrix that evo offers."""
