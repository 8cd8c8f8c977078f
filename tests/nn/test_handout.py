"""The handout's code fragments run word for word after `from nn import *`."""

from __future__ import annotations

import contextlib
import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nn
from homework.synthetic import write_dataset
from nn import digits
from nn.activations import relu_activation, sigmoid_activation
from nn.gradients import my_nn_finite_difference_checker
from nn.losses import logistic_loss
from nn.network import backward_pass, forward_pass

ROOT = Path(__file__).resolve().parents[2]
HANDOUT = ROOT.parent / "shared" / "handout.md"

FORWARD_AND_LOSS = """\
# run forward pass
output, layer_caches = forward_pass(X_batch,
                                     weight_matrices,
                                     biases,
                                     activations)

# compute loss and derivative with respect to logits
loss, dL_dg = logistic_loss(output, y_batch)
print("Average Loss Across Batch", loss.mean())
"""

LOAD = """\
with open("test_batch_weights_biases.pkl", "rb") as fn:
    (X_batch, y_batch, weight_matrices, biases) = pickle.load(fn)
"""

FINITE_DIFFERENCES = f"""{LOAD}
grad_Ws, grad_bs = my_nn_finite_difference_checker(X_batch,
                                                    y_batch,
                                                    weight_matrices,
                                                    biases,
                                                    activations)

with np.printoptions(precision=2):
    print(grad_Ws[0])
    print()
    print(grad_Ws[1])
    print()
    print(grad_bs[0])
"""

FINITE_DIFFERENCES_REST = """\
print()
print(grad_bs[1])
"""

AVERAGE_LOSS = f"""{LOAD}
activations = [relu_activation, sigmoid_activation]
output, _ = forward_pass(X_batch, weight_matrices, biases,
                        activations)
loss, dL_dg = logistic_loss(output, y_batch)
print(loss.mean())
"""

BACKPROPAGATION = f"""{LOAD}
activations = [relu_activation, sigmoid_activation]
output, layer_caches = forward_pass(X_batch, weight_matrices, biases,
                                    activations)
loss, dL_dg = logistic_loss(output, y_batch)
grad_Ws, grad_bs = backward_pass(dL_dg, layer_caches)

with np.printoptions(precision=2):
    print(grad_Ws[0])
"""

BACKPROPAGATION_REST = """\
print()
print(grad_Ws[1])
print()
print(grad_bs[0])
print()
print(grad_bs[1])
"""

# As public solutions of this homework use the starter file's images and labels.
SOLUTION = """\
(X_train, y_train), (X_test, y_test) = get_mnist_threes_nines()
n, height, width = X_train.shape
input_dim = X_train.shape[1] * X_train.shape[2]
display_image(X_train[0])
print(height, width, input_dim, sorted(set(y_train.tolist())))
X_train = X_train.reshape(-1, 784)
X_test = X_test.reshape(len(X_test), input_dim)

layer_dims = [input_dim, 20, 1]
weight_matrices = create_weight_matrices(layer_dims)
biases = create_bias_vectors(layer_dims)
activations = [relu_activation, sigmoid_activation]
for epoch in range(20):
    order = np.random.permutation(n)
    for start in range(0, n, 50):
        batch = order[start:start + 50]
        output, layer_caches = forward_pass(X_train[batch], weight_matrices, biases, activations)
        loss, dL_dg = logistic_loss(output, y_train[batch])
        grad_Ws, grad_bs = backward_pass(dL_dg, layer_caches)
        weight_matrices = [W - 0.5 * grad for W, grad in zip(weight_matrices, grad_Ws)]
        biases = [b - 0.5 * grad for b, grad in zip(biases, grad_bs)]
output, _ = forward_pass(X_test, weight_matrices, biases, activations)
right = ((output >= 0.5).astype(int) == y_test).mean()
"""

FRAGMENTS = [
    FORWARD_AND_LOSS,
    LOAD,
    FINITE_DIFFERENCES,
    FINITE_DIFFERENCES_REST,
    AVERAGE_LOSS,
    BACKPROPAGATION,
    BACKPROPAGATION_REST,
]


@pytest.fixture
def toy(make_network, tmp_path, monkeypatch):
    """Put a pickle like the course's into the working directory; hand out what it holds."""
    X, y, weight_matrices, biases, _ = make_network([4, 2, 1], 2, seed=1)
    with open(tmp_path / "test_batch_weights_biases.pkl", "wb") as file:
        pickle.dump((X, y, weight_matrices, biases), file)
    monkeypatch.chdir(tmp_path)
    return X, y, weight_matrices, biases


def run(*fragments: str, **variables: object) -> tuple[dict[str, object], str]:
    """Run fragments after `from nn import *`; return the names they left and what they printed."""
    namespace: dict[str, object] = {}
    exec("from nn import *", namespace)
    namespace.update(variables)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for fragment in fragments:
            exec(fragment, namespace)
    return namespace, printed.getvalue()


def printout(grad_Ws, grad_bs) -> tuple[list[str], list[str]]:
    """Print with precision 2 and in full: the handout's second blocks stand outside the `with`."""
    with np.printoptions(precision=2):
        short = [str(array) for array in [*grad_Ws, *grad_bs]]
    return short, [str(array) for array in [*grad_Ws, *grad_bs]]


@pytest.mark.skipif(not HANDOUT.is_file(), reason="the handout is not beside the project")
@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_the_fragments_here_are_the_handouts(fragment) -> None:
    assert f"```\n{fragment}```" in HANDOUT.read_text(encoding="utf-8")


@pytest.mark.skipif(not HANDOUT.is_file(), reason="the handout is not beside the project")
def test_no_fragment_of_the_handout_is_left_out() -> None:
    assert HANDOUT.read_text(encoding="utf-8").count("```") == 2 * len(FRAGMENTS)


def test_the_forward_pass_prints_the_average_loss(toy) -> None:
    X, y, weight_matrices, biases = toy
    activations = [relu_activation, sigmoid_activation]
    _, printed = run(
        FORWARD_AND_LOSS,
        X_batch=X,
        y_batch=y,
        weight_matrices=weight_matrices,
        biases=biases,
        activations=activations,
    )
    output, _ = forward_pass(X, weight_matrices, biases, activations)
    assert printed == f"Average Loss Across Batch {logistic_loss(output, y)[0].mean()}\n"


def test_deliverable_a_prints_the_finite_differences(toy) -> None:
    activations = [relu_activation, sigmoid_activation]
    _, printed = run(FINITE_DIFFERENCES, FINITE_DIFFERENCES_REST, activations=activations)
    short, full = printout(*my_nn_finite_difference_checker(*toy, activations))
    assert printed == "\n\n".join([*short[:3], full[3]]) + "\n"


def test_deliverable_c_prints_the_average_loss(toy) -> None:
    names, printed = run(AVERAGE_LOSS)
    X, y, weight_matrices, biases = toy
    # By hand: ReLU, then the log-likelihood of the sigmoid.
    hidden = np.maximum(X @ weight_matrices[0] + biases[0], 0)
    s = (hidden @ weight_matrices[1] + biases[1])[:, 0]
    assert float(printed) == pytest.approx(np.mean(np.logaddexp(0, s) - y * s), rel=1e-14)
    assert names["output"].shape == (2,)


def test_deliverable_d_prints_the_backpropagated_gradients(toy) -> None:
    X, y, weight_matrices, biases = toy
    activations = [relu_activation, sigmoid_activation]
    output, layer_caches = forward_pass(X, weight_matrices, biases, activations)
    short, full = printout(*backward_pass(logistic_loss(output, y)[1], layer_caches))
    _, printed = run(BACKPROPAGATION, BACKPROPAGATION_REST)
    assert printed == "\n\n".join([short[0], *full[1:]]) + "\n"


def test_a_public_solution_runs_on_images_of_28_by_28_and_whole_labels(
    tmp_path, monkeypatch
) -> None:
    write_dataset(tmp_path, 300, 100, seed=0)
    monkeypatch.setattr(digits, "FOLDER", tmp_path)
    names, printed = run(SOLUTION)
    assert printed == "28 28 784 [0, 1]\n"
    assert names["right"] > 0.8
    assert names["accuracy"](names["output"], names["y_test"]) == names["right"]


def test_every_public_name_is_handed_on() -> None:
    names, _ = run()
    for name in nn.__all__:
        assert names[name] is getattr(nn, name)
    assert names["np"] is np and names["pickle"] is pickle


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'nn' has no attribute 'layer_sideways'"):
        _ = nn.layer_sideways


def test_importing_one_module_does_not_import_the_others() -> None:
    program = (
        "import sys, nn; assert 'numpy' not in sys.modules; import nn.activations; "
        "print(*sorted(name for name in sys.modules if name.startswith('nn.')))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert child.stdout.split() == ["nn.activations", "nn.arrays"]
