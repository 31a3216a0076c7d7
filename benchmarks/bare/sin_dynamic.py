"""sin with 0 to 2 extra terms that share a parameter, and torch.optim.SGD with momentum."""

import math
import random

import torch


class DynamicPolynomial(torch.nn.Module):
    """a + b x + c x^2 + d x^3, then nothing, e x^4, or e x^4 + e x^5."""

    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(()))
        self.b = torch.nn.Parameter(torch.randn(()))
        self.c = torch.nn.Parameter(torch.randn(()))
        self.d = torch.nn.Parameter(torch.randn(()))
        self.e = torch.nn.Parameter(torch.randn(()))

    def forward(self, x):
        """Predict, with extra terms drawn afresh."""
        y_pred = self.a + self.b * x + self.c * x**2 + self.d * x**3
        for exponent in range(4, random.randint(4, 6)):
            y_pred = y_pred + self.e * x**exponent
        return y_pred

    def formula(self):
        """The polynomial as it stands."""
        a, b, c, d, e = (p.item() for p in self.parameters())
        return f"y = {a} + {b} x + {c} x^2 + {d} x^3 + {e} x^4 ? + {e} x^5 ?"


x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
model = DynamicPolynomial()
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=1e-8, momentum=0.9)

for step in range(30000):
    loss = loss_fn(model(x), y)
    if step % 2000 == 1999:
        print(step, loss.item())

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(model.formula())
