"""sin with a Module of its own and torch.optim.SGD."""

import math

import torch


class Polynomial3(torch.nn.Module):
    """a + b x + c x^2 + d x^3."""

    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.randn(()))
        self.b = torch.nn.Parameter(torch.randn(()))
        self.c = torch.nn.Parameter(torch.randn(()))
        self.d = torch.nn.Parameter(torch.randn(()))

    def forward(self, x):
        """Predict."""
        return self.a + self.b * x + self.c * x**2 + self.d * x**3

    def formula(self):
        """The polynomial as it stands."""
        return f"y = {self.a.item()} + {self.b.item()} x + {self.c.item()} x^2 + {self.d.item()} x^3"


x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
model = Polynomial3()
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)

for step in range(2000):
    loss = loss_fn(model(x), y)
    if step % 100 == 99:
        print(step, loss.item())

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(model.formula())
