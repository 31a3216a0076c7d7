"""Whether levels are the same training, and their gradients right.

plan.py          which levels, and how strictly
cases.py         in which settings, on which data and at which sizes
reference.py     the NumPy program that a level is held against; rules.py: its rules of update
equivalence.py   lockstep with it in float64: losses, gradients, parameters
rounded.py       verb by verb beside it in float32; rounding.py: the bounds
evidence.py      what is known where the two part; hypotheses/: what the mistake may be
gradients.py     gradients against central differences
functions.py     the autograd Functions that a level applies, against torch's gradcheck
determinism.py   the same configuration twice, in another process, with another number of threads
isolation.py     what one level switches on, kept from the next
cells.py         all of it for one level of one task; reach.py: what that has shown, and what it has not
report.py        the report that can be repeated
"""
