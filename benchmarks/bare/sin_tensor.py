"""sin by torch tensors, the gradients by hand."""

import math

import torch

x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
a, b, c, d = (torch.randn(()) for _ in range(4))
lr = 1e-6

for step in range(2000):
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = (y_pred - y).pow(2).sum()
    if step % 100 == 99:
        print(step, loss.item())

    grad_y_pred = 2.0 * (y_pred - y)
    a -= lr * grad_y_pred.sum()
    b -= lr * (grad_y_pred * x).sum()
    c -= lr * (grad_y_pred * x**2).sum()
    d -= lr * (grad_y_pred * x**3).sum()

print(f"y = {a.item()} + {b.item()} x + {c.item()} x^2 + {d.item()} x^3")
