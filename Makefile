# Two commands matter: `make report` and `make test`. Both work from a fresh clone: what is
# missing (packages into .venv, a TeX engine) they set up first, or say what to install.

PYTHON := .venv/bin/python
SNAKEMAKE := $(PYTHON) -P -m snakemake
# The report without its ending; what is released of it: its manifest and its claims, committed.
REPORT := report/hw2
RELEASED := $(REPORT).pdf report/manifest.expected.json --copy results/claims.json report/claims.expected.json
# A report that carries its sources: `make verify PDF=../report.pdf`.
PDF :=
# Who signs a copy of the report: `make report NAME="Ada Lovelace" WITH="I worked by myself."`. Only
# what is given to make itself: some shells have a variable NAME of their own.
ifeq ($(origin NAME),command line)
SIGN = --name=$(call quoted,NAME) --with=$(call quoted,WITH)
endif
quoted = '$(subst ','\'',$(value $1))'
unexport NAME WITH
# More arguments for the command behind a target, for instance `make test ARGS="-k losses"`.
ARGS :=
# Where jobs run, if not here: `make sweep CLUSTER=slurm`, with profiles/slurm. docs/cluster.md.
CLUSTER :=
ON_CLUSTER := $(if $(CLUSTER),--profile profiles/$(CLUSTER))

# Only this project's packages and settings count, whatever else the shell points to.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH PYTHONWARNINGS PYTHONIOENCODING SNAKEMAKE_PROFILE
export PYTHONDONTWRITEBYTECODE := 1
# Snakemake itself loads NumPy; where processors are many and processes few, threads for all fail.
export OPENBLAS_NUM_THREADS := 1
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help report sweep html watch run-report test test-faults check format docs bench verify manifest diff arxiv crate pictures why unlock lock clean distclean \
	environment developer-environment tex

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

report: tex environment ## build the report and its web page from MNIST (from drawn digits if it cannot be had)
	@$(PYTHON) setup/report.py $(SIGN) $(ON_CLUSTER) $(ARGS)

sweep: tex environment ## train all seeds, step sizes, widths of config/sweep.yaml: report/sweep.pdf
	@$(PYTHON) setup/sweep.py $(ON_CLUSTER) $(ARGS)

html: environment ## build the report as a web page alone
	@$(SNAKEMAKE) html

watch: developer-environment ## show that page in a browser, built again after each edit
	@$(PYTHON) -m provenance live $(REPORT).html $(ARGS)

run-report: tex environment ## build report/run.html: Snakemake's own report, with the run times
	@$(SNAKEMAKE)
	@$(SNAKEMAKE) --report report/run.html

test: tex developer-environment ## run the tests, without MNIST and without network
	@$(PYTHON) -m pytest -n auto $(ARGS) tests

test-faults: tex developer-environment ## run the slow tests and those of docs/faults.md: kills, full disks, whole builds
	@$(PYTHON) -m pytest -n auto -m "faults or row" $(ARGS) tests

check: developer-environment ## look for faults in style, types and rules
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) .venv/bin/lint-imports --no-cache --no-logo
	$(PYTHON) -m snakefmt --check Snakefile workflow/rules
	$(SNAKEMAKE) --lint

format: developer-environment ## bring the code into the project's style
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m snakefmt Snakefile workflow/rules

docs: ## build site/: this documentation as pages, with each function (an environment of its own)
	@bash setup/apart.sh docs -P -m sphinx --fresh-env --fail-on-warning --keep-going --quiet docs site
	@echo "site/index.html is built."

bench: tex ## measure the speed beside PyTorch and plain NumPy (an environment of its own)
	@bash setup/apart.sh benchmarks -m benchmarks.bench $(ARGS)

verify: tex environment ## build the last commit (PDF=...: what that report carries) anew and compare
	@$(PYTHON) -m provenance $(if $(PDF),rebuild "$(PDF)",verify $(RELEASED)) $(ARGS)

manifest: report ## accept what is built here as the released report (then commit it)
	@$(PYTHON) -m provenance verify $(RELEASED) --update

diff: environment ## say what the report says that the released one did not (REV=...: that a commit's did not)
	@$(PYTHON) -m provenance diff $(RELEASED) $(if $(REV),--rev $(REV)) $(ARGS)

arxiv: environment ## pack what TeX read for the report: report/*-arxiv.tar.gz compiles by itself
	@$(PYTHON) -m provenance arxiv $(REPORT).pdf $(REPORT)-arxiv.tar.gz

crate: ## describe the run behind the report for others: report/*-crate.zip, an RO-Crate
	@bash setup/apart.sh crate -m crate.describe $(REPORT).pdf $(REPORT)-crate.zip

pictures: developer-environment ## draw the README's pictures anew from what is built
	@bash setup/pictures.sh

why: environment ## say what would be built again, and what changed
	@$(PYTHON) -m provenance why $(ARGS)

unlock: environment ## take away the lock that a killed build left behind
	@$(SNAKEMAKE) --unlock

lock: environment ## pin the packages of requirements*.in (ARGS=--upgrade: to the newest versions)
	@$(PYTHON) setup/lock.py $(ARGS)

clean: ## remove all that was computed; what was downloaded stays
	rm -rf results logs .snakemake config/signature.json $(REPORT)*.pdf $(REPORT)*.html report/run.html $(REPORT)-arxiv.tar.gz $(REPORT)-crate.zip report/sweep*.pdf site

distclean: clean ## ... and the installed packages
	rm -rf .venv .venv.lock benchmarks/.venv crate/.venv docs/.venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

environment:
	@bash setup/environment.sh requirements.txt $(if $(CLUSTER),requirements-$(CLUSTER).txt)

developer-environment:
	@bash setup/environment.sh requirements.txt requirements-dev.txt $(if $(CLUSTER),requirements-$(CLUSTER).txt)

tex:
	@bash setup/tex.sh
