# The two commands of the README and what a developer runs. Every target brings what it needs.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
FUZZERS := fuzz-requests fuzz-bodies fuzz-worker-frames fuzz-server-frames
.PHONY: help venv demo test examples docs-site test-pythons bench bench-upload bench-oip bench-batching bench-serving bench-compare bench-torch bench-operator bench-cold-start faults soak fuzz $(FUZZERS) check circles format crd docs images release lock audit cluster clean-cluster cold stopwatch publish

READY := .venv/.installed
PY := .venv/bin/python
PYTEST_ARGS ?=
SOAK_SECONDS ?= 600
FUZZ_SECONDS ?= 600
PLURALS := modelbundles modelendpoints
# unset: the local cluster, started when needed; current: kubectl's current context; none: no cluster
CLUSTER ?=
export CLUSTER
# cluster tests mostly wait: more processes than processors, and one for the others (docs/how-to/development.md)
SIDE_BY_SIDE := $(if $(filter none,$(CLUSTER)),,-n 5)
# the local cluster needs root; where there is neither root nor sudo, demo and tests say what they could not do
SUDO := $(shell [ "$$(id -u)" = 0 ] || [ -n '$(CLUSTER)' ] || ! command -v sudo >/dev/null || echo sudo -E -H)

help:
	@echo 'make demo            serve the examples, first as local processes, then on a real Kubernetes'
	@echo 'make test            all tests (CLUSTER=current: on your cluster; CLUSTER=none: without one)'
	@echo 'make test-pythons    the tests of server and worker, with the worker under each CPython from 3.8 to 3.13'
	@echo 'make examples        serve every example and models of MLflow, install public lists: what "make test" leaves out'
	@echo 'make cold            demo and test from a clone with empty caches: a table of steps and times (COLD_ARGS=--help)'
	@echo 'make stopwatch       from a machine with Python alone to the first answer of a function: each command, timed'
	@echo 'make bench           measure what the project claims; each writes tools/benchmarks/results/'
	@echo 'make bench-operator  many bundles on a real control plane with fake pods, beside a floor (QUICK=1)'
	@echo 'make bench-cold-start  from kubectl apply to the first answer, beside a bare pod (QUICK=1, CHECKOUT=...)'
	@echo 'make faults          every fault between operator and API server in every scenario (FAULTS_ARGS=--help)'
	@echo 'make soak            mixed load, killed workers, hostile clients and tenants: leaks, losses, delays'
	@echo 'make fuzz            ten minutes of each fuzzer: fuzz-requests, fuzz-bodies, fuzz-worker-frames, fuzz-server-frames'
	@echo 'make check           formatting, lint, types, import contracts and circles, CRD drift'
	@echo 'make crd             write crds/, and what is made from it, from the pydantic models'
	@echo 'make docs            write the pages of docs/ that are made from what a cluster printed'
	@echo 'make docs-site       the pages of docs/ as a site, in build/site'
	@echo 'make images REGISTRY=registry.example.com/model-bundles    build and push the images, print the values for helm'
	@echo 'make release         wheel, chart, images, SBOMs and checksums, in dist/'
	@echo 'make publish REGISTRY=registry.example.com/model-bundles CHARTS=registry.example.com/charts    push what is in dist/'
	@echo 'make lock            write the locks of the images from pyproject.toml (LOCK_ARGS=--upgrade: newest versions)'
	@echo 'make audit           ask for known vulnerabilities of what is locked; needs the internet'
	@echo 'make venv            bring .venv, with the modelbundle command in it'
	@echo 'make cluster         start the local cluster; make clean-cluster removes it'

$(READY): pyproject.toml tools/bootstrap
	@tools/bootstrap

venv: $(READY)

demo: $(READY)
	@$(SUDO) $(PY) -m tools.demo

# bytecode is kept, whatever the environment says: tests start many processes of Python
test: $(READY)
	@unset PYTHONDONTWRITEBYTECODE; export PYTHONPYCACHEPREFIX=$(CURDIR)/.venv/pycache; \
	  $(SUDO) $(PY) -m pytest -ra --durations=15 $(SIDE_BY_SIDE) $(PYTEST_ARGS)

test-pythons: $(READY)
	@$(PY) -m tests.serving.each_python $(PYTEST_ARGS)

# what a new machine would see, on this one; nothing of .venv is used
cold:
	@python3 -m tools.release.cold $(COLD_ARGS)

# in a Debian that mmdebstrap makes, with the wheel of this checkout
stopwatch: $(READY)
	@$(SUDO) $(PY) -m tools.release.stopwatch

bench: bench-upload bench-oip bench-batching bench-serving bench-torch

bench-upload: $(READY)
	@$(PY) -m tools.benchmarks.upload

bench-oip: $(READY)
	@$(PY) -m tools.benchmarks.oip_conformance

# QUICK=1: see whether it works, in minutes
bench-batching: $(READY)
	@$(PY) -m tools.benchmarks.batching $(if $(QUICK),--quick)

bench-serving: $(READY)
	@$(PY) -m tools.benchmarks.serving $(if $(QUICK),--quick)
	@$(PY) -m tools.benchmarks.serving.asynchronous $(if $(QUICK),--rounds 1 --seconds 2)

# against another checkout: make bench-compare CHECKOUT=../earlier
bench-compare: $(READY)
	@$(PY) -m tools.benchmarks.serving.compare $(CHECKOUT)
	@$(PY) -m tools.benchmarks.batching.compare $(CHECKOUT)

bench-torch: $(READY)
	@$(PY) -m tools.benchmarks.torch

# an hour, with a control plane of its own; QUICK=1: see whether it works
bench-operator: $(READY)
	@$(SUDO) $(PY) -m tools.benchmarks.operator $(if $(QUICK),--quick --to build/bench-operator) $(BENCH_ARGS)

# 35 minutes, on 15 GB of disk; QUICK=1: once each, and what is large is small. Beside another checkout: CHECKOUT=../earlier
bench-cold-start: $(READY)
	@$(SUDO) $(PY) -m tools.benchmarks.cold_start $(if $(CHECKOUT),--before $(CHECKOUT)) \
	  $(if $(QUICK),--rounds 1 --large-rounds 1 --mib 128 --minutes 6 --to build/bench-cold-start) $(BENCH_ARGS)

# with a control plane of its own
faults: $(READY)
	@$(SUDO) $(PY) -m tools.faults $(FAULTS_ARGS)

SOAKS := $(addprefix tests/cluster/,test_hostile_tenants.py test_takeover.py test_api_server_away.py test_hostile_mix.py \
  test_never_start.py test_known_failures.py test_layers_soak.py test_layers_interrupted.py test_network_policy.py) \
  tests/operator/test_full_service_range.py tests/bundle_runtime/prepare/test_five_gib.py
# server and worker under load, then under attack, then what "make test" leaves out
soak: $(READY)
	@$(PY) -m tools.benchmarks.soak --seconds $(SOAK_SECONDS)
	@$(PY) -m tools.benchmarks.soak.attacked --seconds $(SOAK_SECONDS)
	@MODELBUNDLE_SOAK=1 $(SUDO) $(PY) -m pytest -q -o faulthandler_timeout=2500 $(SOAKS) $(PYTEST_ARGS)

fuzz: $(FUZZERS)

# atheris has no wheel for every Python: without it hypothesis fuzzes, unguided
$(FUZZERS): $(READY)
	@$(PY) -c 'import atheris' 2>/dev/null || .venv/bin/uv pip install --quiet --python $(PY) -e '.[fuzz]' || true
	@$(PY) -m tests.fuzz $(@:fuzz-%=%) --seconds $(FUZZ_SECONDS)

check: $(READY)
	@echo '==> ruff format --check' && .venv/bin/ruff format --check .
	@echo '==> ruff check' && .venv/bin/ruff check .
	@echo '==> mypy --strict' && .venv/bin/mypy
	@echo '==> import contracts' && .venv/bin/lint-imports --no-cache
	@echo '==> imports that are allowed' && $(PY) -m tools.imports.allowed
	@echo '==> circles of imports' && $(PY) -m tools.imports.circles
	@echo '==> lengths of files' && CLUSTER=none $(PY) -m pytest -q --no-header -p no:cacheprovider tests/tools/test_file_lengths.py >/dev/null \
	  || { echo 'a file is longer than 300 lines: pytest tests/tools/test_file_lengths.py says which' >&2; exit 1; }
	@echo '==> CRD drift' && for plural in $(PLURALS); do \
	  $(PY) -m modelbundle_operator.tools.crd $$plural | diff -u crds/$$plural.yaml - \
	  || { echo 'crds/ differs from the models: run make crd and commit what it writes' >&2; exit 1; }; done
	@$(PY) -m modelbundle_operator.tools.bundle_schema | diff -u bundle_spec/modelbundle.json - \
	  || { echo 'bundle_spec/modelbundle.json differs from the models: run make crd and commit what it writes' >&2; exit 1; }

format: $(READY)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

crd: $(READY)
	for plural in $(PLURALS); do \
	  $(PY) -m modelbundle_operator.tools.crd $$plural > crds/$$plural.yaml.new && mv crds/$$plural.yaml.new crds/$$plural.yaml; done
	$(PY) -m modelbundle_operator.tools.bundle_schema > bundle_spec/modelbundle.json
	$(PY) -m modelbundle_operator.tools.crd_reference > docs/reference/crd.md.new && mv docs/reference/crd.md.new docs/reference/crd.md
	$(PY) -m tools.release.chart_schema

docs: $(READY)
	@export MODELBUNDLE_CAPTURE=1; $(SUDO) $(PY) -m pytest -q tests/cluster tests/gitops $(PYTEST_ARGS)
	@$(PY) -m tests.docs.pages

images: $(READY)
	@$(PY) -m tools.release.images $(REGISTRY)

release: $(READY)
	@.venv/bin/uv pip install --quiet --python $(PY) -e '.[release]'
	@$(PY) -m tools.release.release

publish: $(READY)
	@$(PY) -m tools.release.publish $(REGISTRY) $(CHARTS)

lock: $(READY)
	@$(PY) -m tools.release.lock $(LOCK_ARGS)

audit: $(READY)
	@.venv/bin/uv pip install --quiet --python $(PY) -e '.[audit]'
	@$(PY) -m tools.release.audit

cluster: $(READY)
	@$(SUDO) $(PY) -m tools.local_cluster up
	@echo 'for this shell: eval "$$($(PY) -m tools.local_cluster env)"'

clean-cluster:
	@python=$(PY); [ -x $$python ] || python=python3; \
	  $(SUDO) $$python -m tools.local_cluster down && $(SUDO) $$python -m tools.local_cluster --cluster exclusive down

# what `make test` leaves out: it brings libraries, and takes minutes of CPU
examples: $(READY)
	@MODELBUNDLE_EXAMPLES=1 CLUSTER=none $(PY) -m pytest -q tests/examples tests/launch/cli/test_import.py \
	  tests/launch/cli/test_serve_older_python.py tests/docs/test_fresh_environments.py \
	  tests/bundle_runtime/worker/install/test_public_lists.py $(PYTEST_ARGS)

docs-site: $(READY)
	@.venv/bin/uv pip install --quiet --python $(PY) -e '.[docs-site]'
	@$(PY) -m tools.docs_site
