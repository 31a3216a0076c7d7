"""From a configuration to a recorded run: the loop, the run around it, signals, threads, circumstances."""
