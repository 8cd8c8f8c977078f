"""What the report asks, and what is computed for it."""

# The parts of the report in their order, on paper and on the web. Of each: what it is called where
# parts are listed; the records that its text, report/questions/<part>.tex.j2, and its claims may
# speak of, by the names of their files; and what its figures are drawn from, each by
# workflow/scripts/plot_<figure>.py.
QUESTIONS = {
    "data": {
        "title": "1.1 Data",
        "facts": ["{results}/digits.json"],
        "figures": {"samples": {"digits": "{results}/digits.npz"}},
    },
    "a": {
        "title": "(a) Gradients",
        "facts": ["results/toy/toy.json", "results/toy/gradients.json"],
        "figures": {"finite_differences": {"facts": "results/toy/gradients.json"}},
    },
    "b": {
        "title": "(b) Activations",
        "facts": ["results/toy/activations.json"],
    },
    "c": {"title": "(c) Forward"},
    "d": {"title": "(d) Backward"},
    "e": {
        "title": "(e) Training",
        "facts": [
            "{results}/replication.json",
            "{results}/interventions.json",
            "{results}/mistakes.json",
        ],
        "figures": {
            "losses": {"series": FIRST_RUN},
            "accuracies": {"series": FIRST_RUN},
            "mistakes": {
                "mistakes": "{results}/mistakes.csv",
                "digits": "{results}/digits.npz",
            },
            "mistake_evidence": {"facts": "{results}/mistakes.json"},
            "mistake_templates": {"templates": "{results}/mistake_templates.npz"},
            "state": {"series": LAST_RUN},
        },
    },
    "f": {
        "title": "(f) Memorization",
        "facts": ["{results}/memorization.json"],
        "figures": {"memorization": {"facts": "{results}/memorization.json"}},
    },
    "properties": {"title": "Properties"},
}


rule check_gradients:
    input:
        toy="results/toy/toy.npz",
    output:
        facts="results/toy/gradients.json",
    log:
        "logs/check_gradients.log",
    message:
        "Check backpropagation against finite differences"
    script:
        "../scripts/check_gradients.py"


# Without a passed gradient check nothing is trained. This one has a network of its own: the toy's is
# the report's, and another toy retrains nothing.
rule open_gate:
    output:
        "results/toy/gate.json",
    log:
        "logs/open_gate.log",
    message:
        "Check backpropagation before anything is trained"
    script:
        "../scripts/open_gate.py"


rule check_activations:
    output:
        facts="results/toy/activations.json",
    log:
        "logs/check_activations.log",
    message:
        "Evaluate the sigmoid where it is delicate"
    script:
        "../scripts/check_activations.py"


rule train:
    input:
        digits="{results}/digits.npz",
        gate="results/toy/gate.json",
    output:
        series="{results}/train/{step_size}/series.csv",
        weights="{results}/train/{step_size}/weights.npz",
        summary="{results}/train/{step_size}/summary.json",
    log:
        "logs/{results}/train-{step_size}.log",
    # Before further seeds and experiments: mistakes and figures wait for it.
    priority: 1
    # Where the runs cannot use all cores with one thread each; it changes no bit.
    threads: max(1, (workflow.cores or 1) // len(STEP_SIZES))
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        training={
            key: config["training"][key]
            for key in ("hidden", "batch_size", "epochs", "seed")
        },
    message:
        "Train with step size {wildcards.step_size}"
    script:
        "../scripts/train.py"


# The seeds of a job share its start: reading the digits.
rule replicate:
    input:
        digits="{results}/digits.npz",
        gate="results/toy/gate.json",
    output:
        "{results}/replicate/{step_size}/{seeds}.json",
    log:
        "logs/{results}/replicate-{step_size}-{seeds}.log",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        training={
            key: config["training"][key] for key in ("hidden", "batch_size", "epochs")
        },
    message:
        "Train with step size {wildcards.step_size} from the seeds {wildcards.seeds}"
    script:
        "../scripts/replicate.py"


rule gather_seeds:
    input:
        first=f"{{results}}/train/{STEP_SIZES[0]}/summary.json",
        last=f"{{results}}/train/{STEP_SIZES[-1]}/summary.json",
        first_seeds=replicates(STEP_SIZES[0]),
        last_seeds=replicates(STEP_SIZES[-1]),
    output:
        "{results}/replication.json",
    log:
        "logs/{results}/gather_seeds.log",
    message:
        "Put the runs of all seeds together"
    script:
        "../scripts/gather_seeds.py"


rule intervene:
    input:
        digits="{results}/digits.npz",
        gate="results/toy/gate.json",
    output:
        "{results}/interventions.json",
    log:
        "logs/{results}/intervene.log",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        training={
            key: config["training"][key] for key in ("hidden", "batch_size", "seed")
        },
        step_sizes=[float(STEP_SIZES[0]), float(STEP_SIZES[-1])],
        interventions=config["interventions"],
    message:
        "Look for the cause of the last step size's failure"
    script:
        "../scripts/intervene.py"


rule find_mistakes:
    input:
        digits="{results}/digits.npz",
        weights=f"{{results}}/train/{STEP_SIZES[0]}/weights.npz",
    output:
        mistakes="{results}/mistakes.csv",
        facts="{results}/mistakes.json",
        templates="{results}/mistake_templates.npz",
    log:
        "logs/{results}/find_mistakes.log",
    params:
        # Of the logistic regression, which is compared with the first run.
        linear={
            "step_size": float(STEP_SIZES[0]),
            **{
                key: config["training"][key]
                for key in ("batch_size", "epochs", "seed")
            },
        },
    message:
        "Find the misclassified images and measure them"
    script:
        "../scripts/find_mistakes.py"


rule memorize:
    input:
        digits="{results}/digits.npz",
        gate="results/toy/gate.json",
    output:
        facts="{results}/memorization.json",
    log:
        "logs/{results}/memorize.log",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        memorization=config["memorization"],
    message:
        "Memorize random inputs"
    script:
        "../scripts/memorize.py"
