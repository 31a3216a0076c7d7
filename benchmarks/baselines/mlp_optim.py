"""The shortest honest program for one run of mlp/optim: one process a run, as a shell loop pays it."""

import sys

import torch

torch.set_num_threads(1)
torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
x, y = torch.randn(64, 1000), torch.randn(64, 10)
model = torch.nn.Sequential(torch.nn.Linear(1000, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))
loss_fn = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
for step in range(500):
    loss = loss_fn(model(x), y)
    if step % 50 == 49:
        print(step, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
