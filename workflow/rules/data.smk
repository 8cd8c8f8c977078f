"""Where the images and the toy network come from."""


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
    output:
        **{kind: f"results/synthetic/idx/{name}" for kind, name in IDX.items()},
    log:
        "logs/draw_digits.log",
    params:
        synthetic=config["synthetic"],
    message:
        "Draw synthetic 3s and 9s"
    script:
        "../scripts/draw_digits.py"


rule select_digits:
    input:
        unpack(idx_files),
    output:
        digits="{results}/digits.npz",
        facts="{results}/digits.json",
    log:
        "logs/{results}/select_digits.log",
    message:
        "Keep the 3s and 9s"
    script:
        "../scripts/select_digits.py"


rule load_toy:
    input:
        **toy_pickle(),
    output:
        arrays="results/toy/toy.npz",
        facts="results/toy/toy.json",
    log:
        "logs/load_toy.log",
    params:
        sha256=config["toy"]["sha256"],
        seed=config["toy"]["seed"],
    message:
        "Read the toy network"
    script:
        "../scripts/load_toy.py"
