"""Where the images and the toy network come from."""

from pathlib import Path

IDX = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}
IDX_FOLDER = {"results": "resources/mnist", "results/synthetic": "results/synthetic/idx"}


def idx_files(wildcards):
    """Name the four files of the dataset that these results are about."""
    return {kind: f"{IDX_FOLDER[wildcards.results]}/{name}" for kind, name in IDX.items()}


def toy_pickle():
    """Find the course's pickle; without it one of the same shapes is generated."""
    name = "test_batch_weights_biases.pkl"
    found = [f"{folder}/{name}" for folder in config["toy"]["folders"] if Path(folder, name).is_file()]
    return {"pickle": found[0]} if found else {}


# Neither code nor mirrors are inputs here, on purpose: the files are pinned by their SHA-256,
# whoever brings them. So this rule runs when a file is missing or damaged, and a change of how
# files are fetched retrains nothing.
rule fetch_mnist:
    output:
        # update: what a person dropped here is checked, never deleted.
        **{kind: update(f"resources/mnist/{name}") for kind, name in IDX.items()},
    log:
        "logs/fetch_mnist.log",
    message:
        "Fetch MNIST"
    script:
        "../scripts/fetch_mnist.py"


rule draw_digits:
    input:
        code=code_of("draw_digits"),
    output:
        **{kind: f"results/synthetic/idx/{name}" for kind, name in IDX.items()},
    params:
        n_train=config["synthetic"]["train_images"],
        n_test=config["synthetic"]["test_images"],
        seed=config["synthetic"]["seed"],
    log:
        "logs/draw_digits.log",
    benchmark:
        "logs/benchmarks/draw_digits.tsv"
    message:
        "Draw synthetic 3s and 9s"
    script:
        "../scripts/draw_digits.py"


rule select_digits:
    input:
        unpack(idx_files),
        code=code_of("select_digits"),
    output:
        digits="{results}/digits.npz",
        facts="{results}/digits.json",
    log:
        "logs/{results}/select_digits.log",
    benchmark:
        "logs/benchmarks/{results}/select_digits.tsv"
    message:
        "Keep the 3s and 9s"
    script:
        "../scripts/select_digits.py"


rule load_toy:
    input:
        **toy_pickle(),
        code=code_of("load_toy"),
    output:
        arrays="results/toy/toy.npz",
        facts="results/toy/toy.json",
    params:
        seed=config["toy"]["seed"],
    log:
        "logs/load_toy.log",
    message:
        "Read the toy network"
    script:
        "../scripts/load_toy.py"
