"""What `import autograd_cli as evo` offers; the command line trains, sweeps, compares and verifies by it."""
