"""The shortest honest program for one run of sin/autograd: one process a run, as a shell loop pays it."""

import math
import sys

import torch

torch.set_num_threads(1)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
x2, x3 = x**2, x**3
a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
for step in range(2000):
    loss = (a + b * x + c * x2 + d * x3 - y).pow(2).sum()
    if step % 100 == 99:
        print(step, loss.item())
    loss.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for p in (a, b, c, d):
            assert p.grad is not None
            p.sub_(p.grad, alpha=1e-6)
            p.grad = None
