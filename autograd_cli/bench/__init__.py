"""What a step of each level costs: measured side by side, with its floor, and compared with another day's."""
