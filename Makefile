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
SECONDS ?= 600
# Tests wait for disks, processes and each other's answers: more workers than two cores keep both busy.
WORKERS ?= 3
# The room for Node back ends. Whoever has no Node goes without it; CI has OSO_REQUIRE_NODE=1.
NODE_ROOM := clients/typescript
NODE_STAMP := $(NODE_ROOM)/node_modules/.package-lock.json
NODE_PROTOS = $(sort $(shell find proto third_party/google -name '*.proto'))

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

.PHONY: help setup proto lock lint type contract test demo bench fuzz clean

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

# Runs $(1) where there is Node 20 or newer with npm; says what is skipped where there is not.
define WITH_NODE
if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then $(1); \
elif [ "$$OSO_REQUIRE_NODE" = 1 ]; then echo "No Node 20 or newer with npm here, and OSO_REQUIRE_NODE=1 asks for it."; exit 1; \
else echo "skipped: no Node 20 or newer with npm here, so $(NODE_ROOM) is left as it is"; fi
endef

proto: setup ## write the stubs of clients/ anew from proto/
	@$(MAKE) --no-print-directory generate INTO=$(STUBS)
	@$(call WITH_NODE,$(MAKE) --no-print-directory generate-node INTO=$(NODE_ROOM)/generated)

# What package-lock.json pins; it has hashes and no address. No scripts of packages are run.
$(NODE_STAMP): $(NODE_ROOM)/package-lock.json $(NODE_ROOM)/package.json
	@cd $(NODE_ROOM) && npm ci --silent --no-audit --no-fund
	@touch $@

# Writes the stubs for Node below $(INTO). Those of buf.validate come with @bufbuild/protovalidate.
.PHONY: generate-node
generate-node: $(NODE_STAMP)
	@rm -rf $(INTO) && mkdir -p $(INTO)
	@$(PROTOC) --plugin=protoc-gen-es=$(NODE_ROOM)/node_modules/.bin/protoc-gen-es --es_out=$(INTO) \
		--es_opt=target=js+dts,import_extension=js,rewrite_imports=./buf/validate/*_pb.js:@bufbuild/protovalidate/gen $(NODE_PROTOS)

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
	@$(call WITH_NODE,$(MAKE) --no-print-directory contract-node)
	@$(BREAKING)

.PHONY: contract-node
contract-node: $(NODE_STAMP)
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
		$(MAKE) --no-print-directory generate-node INTO=$$scratch && \
		diff -r -q $(NODE_ROOM)/generated $$scratch || { echo "The stubs for Node are stale: run 'make proto' and commit the result."; exit 1; }

type: setup ## mypy --strict
	@$(BIN)/mypy

test: lint type ## everything CI checks: lint, types, contract, all tests
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal

demo: setup ## send a dossier from school to school (DOSSIER=file.xml for your own)
	@$(BIN)/python -m demo $(DOSSIER)

bench: setup ## measure speed, as ratios against a bare baseline
	@$(BIN)/python -m bench

fuzz: setup ## throw any bytes at all parsers and converters (SECONDS=600 in all)
	@mkdir -p build/fuzz
	@targets="read read_edited message conversion comparison comparison_edited attachment printout"; \
	for target in $$targets; do \
		echo "$$target"; mkdir -p build/fuzz/$$target; \
		nice -n 19 $(BIN)/python -m tests.fuzz $$target build/fuzz/$$target -verbosity=0 -timeout=10 -rss_limit_mb=2048 \
			-max_total_time=$$(( $(SECONDS) / 8 )) -artifact_prefix=build/fuzz/$$target- || exit 1; \
	done

clean: ## throw away everything make made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
