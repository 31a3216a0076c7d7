"""mlp with a middle layer that is applied 0 to 3 times, and torch.optim.SGD with momentum."""

import random

import torch


class DynamicNet(torch.nn.Module):
    """Input, middle and output layer."""

    def __init__(self, D_in, H, D_out):
        super().__init__()
        self.input = torch.nn.Linear(D_in, H)
        self.middle = torch.nn.Linear(H, H)
        self.output = torch.nn.Linear(H, D_out)

    def forward(self, x):
        """Predict, at a depth drawn afresh."""
        h = self.input(x).clamp(min=0)
        for _ in range(random.randint(0, 3)):
            h = self.middle(h).clamp(min=0)
        return self.output(h)


N, D_in, H, D_out = 64, 1000, 100, 10
x = torch.randn(N, D_in)
y = torch.randn(N, D_out)
model = DynamicNet(D_in, H, D_out)
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

for step in range(500):
    loss = loss_fn(model(x), y)
    if step % 50 == 49:
        print(step, loss.item())

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
