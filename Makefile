# `make help` lists the targets. Each sets up what it needs, once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# The index to take torch from, where pip's default build is not the wanted one (CPU, CUDA, ROCm): see README.md.
TORCH_INDEX ?=
# Another photo for `make demo`.
PHOTO ?=
# What `make campaign` does, and how much of it: see tests/campaign.
PARTS ?= kills real-kills frames attacks soak fairness
ROUNDS ?= 1
# Processes for the tests: three without editors keep two cores busy, for they often wait for a server; two with them.
JOBS ?=
TEST_JOBS := $(or $(JOBS),3)
HOST_JOBS := $(or $(JOBS),2)
# The editors to test: debian-13's, or the newest ones that Debian has.
EDITORS ?= debian-13

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --constraint constraints.txt
INSTALLED := $(VENV)/.installed
# What makes torch compute as on a processor without AVX-512, and where the tests are for which that matters most.
AS_AVX2 := ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2
AVX2_SAMPLE := tests/server/engines tests/server/operations tests/server/imaging
# What is typed for, too, and cannot run here: see docs/verification.md.
OTHER_SYSTEMS := win32 darwin
HOST_TESTS := $(BIN)/python -m pytest -m hosts -rs --timeout=900 tests/hosts
# Krita 6 needs a Debian of its own. What was tested of the newest stands in docs/editors.md.
EDITIONS := $(if $(filter newest,$(EDITORS)),newest krita-6,$(EDITORS))
WRITE_TABLE := $(if $(filter newest,$(EDITORS)),PYTHONPATH=tests $(BIN)/python -m hosts.lib.editors_table $(EDITIONS);)

# Bytecode is kept, whatever the environment says: the tests start some hundred processes, each of which compiles ours else.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup weights demo serve test test-avx2 test-hosts campaign check format bench clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(INSTALLED) ## Make the virtual environment with pinned dependencies

# --no-deps: spandrel names torchvision as a dependency, which nothing here uses (see pyproject.toml).
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer was not found. Install Python 3.11." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "$(PYTHON) is too old: Foveate needs Python 3.10 or newer, best 3.11." >&2; exit 1; }
	@echo "Setting up $(VENV) (about two minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(if $(TORCH_INDEX),$(PIP) torch --index-url $(TORCH_INDEX),true)
	@$(PIP) --editable ".[server,dev,bench]"
	@$(PIP) --no-deps spandrel einops
	@touch $@

weights: $(INSTALLED) ## Fetch the embedded weights, and the safety classifier for the tests (43, 7 and 24 MB, once)
	@$(BIN)/foveate models pull --embedded open-nsfw

demo: weights ## Bring a face into focus and enlarge a region: make demo [PHOTO=picture]
	@$(BIN)/python -m foveate_server.cli.demo $(if $(PHOTO),"$(PHOTO)")

serve: $(INSTALLED) ## Run the server until Ctrl+C
	@$(BIN)/foveate serve

test: weights ## Run the default test suite: make test [JOBS=processes]
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal

test-avx2: weights ## Run those with real weights and a sample of the rest as on a processor with AVX2 alone
	@if $(BIN)/python -c 'import sys, torch; sys.exit(torch.backends.cpu.get_cpu_capability() == "AVX512")'; then \
		echo "This processor has no AVX-512: \`make test\` was the run without it"; \
	else \
		$(AS_AVX2) $(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal -m 'weights and not hosts' tests \
		&& $(AS_AVX2) $(BIN)/python -m pytest -n $(TEST_JOBS) --dist worksteal -m 'not weights and not hosts' $(AVX2_SAMPLE); \
	fi

test-hosts: weights ## Test the plugins in the real editors, in a Debian chroot that is made once, as root: make test-hosts [EDITORS=newest]
	@status=0; for edition in $(EDITIONS); do \
		export FOVEATE_HOSTS_EDITORS=$$edition; reports=build/hosts/$$edition; rm -f $$reports/*.xml; \
		$(HOST_TESTS) --junitxml=$$reports/all.xml --durations=10 -n $(HOST_JOBS) --dist loadfile \
		|| { echo "Once more, one after the other, what failed: editors on a busy machine miss their time"; \
		$(HOST_TESTS) --junitxml=$$reports/again.xml -n 0 --last-failed --last-failed-no-failures none; } || status=1; \
	done; $(WRITE_TABLE) exit $$status

campaign: weights ## Kill, attack and wear out real servers: make campaign [ROUNDS=n] [PARTS="kills frames"]
	@for part in $(PARTS); do PYTHONPATH=tests:. $(BIN)/python -m campaign $$part --rounds $(ROUNDS) || exit 1; done

check: $(INSTALLED) ## Lint, types (for Windows and macOS, too), import rules, and that clients' code is valid for Python 3.10
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@printf '%s\n' $(OTHER_SYSTEMS) | xargs -P 2 -I {} $(BIN)/mypy --platform {} --cache-dir .mypy_cache/{}
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/vermin --quiet --no-tips --violations --target=3.10- --eval-annotations shared/foveate_shared $(wildcard plugins)

format: $(INSTALLED) ## Put all sources into their standard form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: weights ## Measure quality, speed and memory; results go to benchmarks/results
	@$(BIN)/python -m benchmarks

clean: ## Remove the virtual environment and the demo's pictures
	rm -rf $(VENV) demo
