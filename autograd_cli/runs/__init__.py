"""The run directory: the only writer and the only reader of its files.

losses.csv      `step,loss,elapsed_s`, a line a step, appended                      losses.py
config.yaml     the effective configuration, which `evo train --config` takes       writer.py
run.json        status, summary and circumstances of the run                        record.py
weights.npz     the final parameters, readable without torch and without pickle     npz.py, weights.py

A directory is made out of sight (nursery.py), gets its name (place.py) and appears whole. How a run ended is
written last, when all else is on the disk (disk.py), which one sync can see to for many runs (endings.py).
"""
