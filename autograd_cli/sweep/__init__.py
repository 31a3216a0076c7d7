"""Many runs from one command, and none of them twice.

request.py     the command line, and the YAML file that it may name
plan.py        a request -> the runs, each with its configuration, all of them checked
ledger.py      which runs a folder holds already, and which another sweep is busy with
queue.py       hands out what is left to do
work.py        one run, or a batch, from configuration to run directory
serial.py processes.py batched.py dask.py    the engines: where the runs are executed
remote.py      what engine dask does on a worker of the cluster
cores.py       how many processors there are for them
events.py      what engines report while they work
sweep.py       all of it, from plan to result
"""
