"""sin by a Legendre polynomial with its own derivative inside autograd."""

import math

import torch


class Legendre3(torch.autograd.Function):
    """P3(z) = (5 z^3 - 3 z) / 2."""

    @staticmethod
    def forward(ctx, z):
        """The polynomial."""
        ctx.save_for_backward(z)
        return 0.5 * (5 * z**3 - 3 * z)

    @staticmethod
    def backward(ctx, grad_output):
        """Its derivative."""
        (z,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * z**2 - 1)


x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
a, b, c, d = (torch.tensor(start, requires_grad=True) for start in (0.0, -1.0, 0.0, 0.3))
lr = 5e-6

for step in range(2000):
    y_pred = a + b * Legendre3.apply(c + d * x)
    loss = (y_pred - y).pow(2).sum()
    if step % 100 == 99:
        print(step, loss.item())

    loss.backward()
    with torch.no_grad():
        for p in (a, b, c, d):
            p -= lr * p.grad
            p.grad = None

print(f"y = {a.item()} + {b.item()} P3({c.item()} + {d.item()} x)")
