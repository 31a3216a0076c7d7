"""sin by NumPy alone."""

import numpy as np

x = np.linspace(-np.pi, np.pi, 2000)
y = np.sin(x)
a, b, c, d = np.random.randn(4)
lr = 1e-6

for step in range(2000):
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = np.square(y_pred - y).sum()
    if step % 100 == 99:
        print(step, loss)

    grad_y_pred = 2.0 * (y_pred - y)
    a -= lr * grad_y_pred.sum()
    b -= lr * (grad_y_pred * x).sum()
    c -= lr * (grad_y_pred * x**2).sum()
    d -= lr * (grad_y_pred * x**3).sum()

print(f"y = {a} + {b} x + {c} x^2 + {d} x^3")
