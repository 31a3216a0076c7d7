"""sin with a Linear layer on (x, x^2, x^3), and an update that loops over its parameters."""

import math

import torch

x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
loss_fn = torch.nn.MSELoss(reduction="sum")
lr = 1e-6

for step in range(2000):
    loss = loss_fn(model(xx), y)
    if step % 100 == 99:
        print(step, loss.item())

    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= lr * p.grad

a, (b, c, d) = model[0].bias.item(), model[0].weight[0].tolist()
print(f"y = {a} + {b} x + {c} x^2 + {d} x^3")
