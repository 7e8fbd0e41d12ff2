# The commands of this repository. `make help` lists them.
# Two are enough for a newcomer: make demo, make test.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Twice quiet: errors still show, a mirror's warnings do not.
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input
STUBS := clients/python
PROTOS = $(sort $(shell find proto third_party/buf -name '*.proto'))
PROTOC = $(BIN)/python -m grpc_tools.protoc -Iproto -Ithird_party
DOSSIER ?=

# Compares the contract with where this work left the branch main: its tip may have gone on, and what
# it has and we have not is no break of ours. A clone of another branch knows main only as origin/main.
# Where git itself fails (another owner's checkout), so does this: only a missing contract is a reason to skip.
define BREAKING
if [ -e .git ]; then git rev-parse --git-common-dir >/dev/null || exit; fi; \
for main in refs/heads/main refs/remotes/origin/main; do \
	git rev-parse --verify --quiet $$main:proto >/dev/null 2>&1 || continue; \
	base=$$(git merge-base HEAD $$main) || base=$$(git rev-parse $$main) || exit; \
	$(BIN)/buf breaking --against "$$(git rev-parse --git-common-dir)#ref=$$base"; exit; \
done; \
echo "buf breaking: no branch 'main' with a contract here, nothing to compare with"
endef

.PHONY: help setup proto lock lint type contract test demo bench clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: $(STAMP) ## create .venv and install what requirements.lock pins

$(STAMP): requirements.lock pyproject.toml
	@echo "Preparing $(VENV) (once; takes a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "OSO needs Python 3.11 or newer; this is %d.%d" % sys.version_info[:2])'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

proto: setup ## write clients/python/oso anew from proto/
	@$(MAKE) --no-print-directory generate INTO=$(STUBS)

# Writes all stubs below $(INTO). No grpc stubs for files without a service.
.PHONY: generate
generate:
	@rm -rf $(INTO)/oso $(INTO)/buf && mkdir -p $(INTO)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PROTOC) --python_out=$(INTO) --mypy_out=quiet:$(INTO) $(PROTOS)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PROTOC) --grpc_python_out=$(INTO) --mypy_grpc_out=quiet:$(INTO) $(filter %_service.proto,$(PROTOS))
	@find $(INTO)/oso $(INTO)/buf -type d | while read -r folder; do \
		echo '"""Generated from proto/ by `make proto`. Do not edit."""' > $$folder/__init__.py; \
		touch $$folder/py.typed; done

lock: setup ## bring requirements.lock in line with pyproject.toml (UPGRADE=1: newest of everything)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--generate-hashes --all-extras $(if $(UPGRADE),--upgrade) --output-file requirements.lock pyproject.toml

lint: setup contract ## style, imports and contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@told=$$($(BIN)/lint-imports --no-logo) || { echo "$$told"; exit 1; }; echo "$$told" | tail -n 1

contract: setup ## the contract: style, stale stubs, breaking changes
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code proto
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		$(MAKE) --no-print-directory generate INTO=$$scratch && \
		for room in oso buf; do \
			diff -r -q -x __pycache__ $(STUBS)/$$room $$scratch/$$room || { echo "The stubs are stale: run 'make proto' and commit the result."; exit 1; }; \
		done
	@$(BREAKING)

type: setup ## mypy --strict
	@$(BIN)/mypy

test: lint type ## everything CI checks: lint, types, contract, all tests
	@$(BIN)/python -m pytest

demo: setup ## send a dossier from school to school (DOSSIER=file.xml for your own)
	@$(BIN)/python -m demo $(DOSSIER)

bench: setup ## measure speed, as ratios against a bare baseline
	@$(BIN)/python -m bench

clean: ## throw away everything make made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
