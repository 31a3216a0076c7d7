"""YAML files and arguments, merged into one frozen and validated RunConfig."""
