"""mlp with a Module of its own and torch.optim.SGD."""

import torch


class TwoLayerNet(torch.nn.Module):
    """Linear, ReLU, Linear."""

    def __init__(self, D_in, H, D_out):
        super().__init__()
        self.linear1 = torch.nn.Linear(D_in, H)
        self.linear2 = torch.nn.Linear(H, D_out)

    def forward(self, x):
        """Predict."""
        return self.linear2(self.linear1(x).clamp(min=0))


N, D_in, H, D_out = 64, 1000, 100, 10
x = torch.randn(N, D_in)
y = torch.randn(N, D_out)
model = TwoLayerNet(D_in, H, D_out)
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)

for step in range(500):
    loss = loss_fn(model(x), y)
    if step % 50 == 49:
        print(step, loss.item())

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
