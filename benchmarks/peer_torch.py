"""PyTorch on the CPU, as its users write it: modules, autograd, the fused SGD optimizer."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks.peer_numpy import Arrays
from nn.arrays import FloatArray


def train(data: Arrays, weight_matrices: Arrays, batches: Arrays, step_size: float) -> FloatArray:
    """Do what `benchmarks.peer_numpy.train` does, in float64 as well."""
    X_train, y_train, X_test, y_test = map(torch.from_numpy, data)
    model = network(weight_matrices)
    optimizer = torch.optim.SGD(model.parameters(), lr=step_size, fused=True)
    history = []
    for batch in map(torch.from_numpy, batches):
        y = y_train[batch]
        logits = model(X_train[batch]).squeeze(1)
        loss = binary_cross_entropy_with_logits(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.inference_mode():
            on_batch = loss.item(), accuracy(logits, y)
            logits = model(X_test).squeeze(1)
            loss = binary_cross_entropy_with_logits(logits, y_test)
            history.append((*on_batch, loss.item(), accuracy(logits, y_test)))
    return np.array(history)


def network(weight_matrices: Arrays) -> torch.nn.Sequential:
    """Make the network with the given weights and zero biases."""
    layers = [torch.nn.Linear(*W.shape, dtype=torch.float64) for W in weight_matrices]
    with torch.no_grad():
        for layer, W in zip(layers, weight_matrices, strict=True):
            layer.weight.copy_(torch.from_numpy(W.T))
            layer.bias.zero_()
    return torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])


def accuracy(logits: torch.Tensor, y: torch.Tensor) -> float:
    """Share on the right side of 0, which is where the probability is 1/2."""
    return ((logits >= 0) == (y == 1)).double().mean().item()
