"""A port of the two-layer network in progress: einsum in place of matrix products, features first.

A level is a class with three verbs and two views. It takes data and start from `problem`, and the learning
rate from `config`; it never draws. Nothing here is installed: `--impl my_levels.py:Einsum` is enough.
"""

import numpy as np


class Einsum:
    """The right port. Arrays have their features first, as some frameworks want them: h = w1ᵀ x."""

    def __init__(self, problem, config):
        self.x = problem.x.T.astype(config.dtype)  # (D_in, N)
        self.y = problem.y.T.astype(config.dtype)  # (D_out, N)
        self.w1 = problem.start["w1"].astype(config.dtype)  # (D_in, H)
        self.w2 = problem.start["w2"].astype(config.dtype)  # (H, D_out)
        self.lr = config.lr

    def forward(self):
        """Sum of squared errors: the loss of this step, before its update."""
        self.h = np.einsum("ih,in->hn", self.w1, self.x)
        self.h_relu = np.maximum(self.h, 0)
        self.y_pred = np.einsum("ho,hn->on", self.w2, self.h_relu)
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss):
        """The chain rule, with each index named."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_w2 = np.einsum("hn,on->ho", self.h_relu, grad_y_pred)
        grad_h = np.einsum("ho,on->hn", self.w2, grad_y_pred) * (self.h > 0)
        self.grad_w1 = np.einsum("in,hn->ih", self.x, grad_h)

    def update(self):
        """Gradient descent."""
        self.w1 -= self.lr * self.grad_w1
        self.w2 -= self.lr * self.grad_w2

    @property
    def parameters(self):
        """By the task's names, and in the shapes of their start."""
        return {"w1": self.w1, "w2": self.w2}

    @property
    def gradients(self):
        """By the same names, and in the same shapes."""
        return {"w1": self.grad_w1, "w2": self.grad_w2}


class FirstAttempt(Einsum):
    """The port as it was first written. It trains, its loss falls, and nothing looks wrong.

    The mistake: ReLU's derivative asks for the sign of what went into ReLU, h. Here it asks for the sign of
    the gradient that comes back, because "ReLU cuts off what is negative". The first loss is right, and so
    is the gradient of w2, which lies behind the ReLU; the gradient of w1 is not.
    """

    def backward(self, loss):
        """The chain rule, but for one factor."""
        super().backward(loss)
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        grad_h = np.maximum(np.einsum("ho,on->hn", self.w2, grad_y_pred), 0)
        self.grad_w1 = np.einsum("in,hn->ih", self.x, grad_h)


class Momentum(Einsum):
    """A port that brought its optimiser along: gradients are right, and the second update is not."""

    def __init__(self, problem, config):
        super().__init__(problem, config)
        self.velocity = {"w1": 0.0, "w2": 0.0}

    def update(self):
        """SGD with momentum, where the program that was ported had none."""
        for name, w in self.parameters.items():
            self.velocity[name] = 0.9 * self.velocity[name] + self.gradients[name]
            w -= self.lr * self.velocity[name]
