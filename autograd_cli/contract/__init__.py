"""What a task, a level, a key and a configuration are: data and protocols, without input or output."""
