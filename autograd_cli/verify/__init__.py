"""Whether levels are the same training, and their gradients right.

equivalence.py   lockstep with a NumPy reference: losses, gradients, parameters
gradients.py     gradients against central differences, Functions against torch's gradcheck
determinism.py   the same configuration twice, in another process, with another number of threads
cells.py         all of it for one level of one task
"""
