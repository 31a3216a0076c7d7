"""Runs in the files of other tools, each written by that tool's own library, which an extra brings.

tensorboard.py  event files: losses, hyperparameters, status                extra tensorboard
records.py      the records that event files consist of
mlflow.py       MLflow's SQLite store: parameters, losses, tags, files      extra mlflow
parquet.py      runs.parquet and losses.parquet                             extra parquet
folder.py       the folder that they are written to

Exporting again writes what is new, and doubles nothing.
"""
