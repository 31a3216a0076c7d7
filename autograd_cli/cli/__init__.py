"""The command line: a file a command, each of which parses, calls the library once and prints."""
