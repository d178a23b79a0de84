# QuickBEAM: what a contributor types. Each target first sees to it that the tools are there.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test conformance bench check soak asan fuzz format clean

# Erlang reads file names by the locale, and a bare machine has none.
export LC_ALL := $(or $(LC_ALL),C.UTF-8)
# The NIF, the Rust tests and the lints use one profile, so that each dependency is compiled once.
export QUICKBEAM_PROFILE ?= release
CARGO_PROFILE := --profile $(QUICKBEAM_PROFILE)

# npm writes its own lock file last; nothing is fetched while it is newer than the project's.
NPM_CI := { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-fund --no-audit --loglevel=error; }

help: ## what can be done here
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

demo: ## render a Preact shop in supervised JavaScript runtimes, and kill one meanwhile
	@script/setup --with-node
	@cd examples/ssr && $(NPM_CI) && mix shop.demo

test: ## every test: Rust, Elixir, doctests, frameworks from npm
	@script/setup --with-node
	@cd test/frameworks && $(NPM_CI)
	cargo test --workspace --no-fail-fast $(CARGO_PROFILE)
	mix test

conformance: ## Web Platform Tests of a checkout, WPT=dir, or TEST262=dir; ONLY="url dom/abort" selects, FLAGS=--verbose shows failures
	@script/setup
	cargo run -p quickbeam-conformance $(CARGO_PROFILE) -- $(or $(WPT),$(TEST262)) $(FLAGS) $(ONLY)

bench: ## every figure next to its baseline; ONLY=pattern selects, CHECK=1 fails on a missed target
	@script/setup
	@MIX_ENV=prod mix run bench/run.exs

soak: ## thousands of contexts under a random load, with kills; MINUTES=10 CONTEXTS=2000 SEED=
	@script/setup
	@MALLOC_ARENA_MAX=2 MIX_ENV=prod mix run soak/run.exs

asan: ## tests of the engine and executor crates under AddressSanitizer; ONLY=name selects
	@script/setup
	@script/asan $(ONLY)

fuzz: ## random games against the executor, with a model as oracle; DURATION=60 SEED=
	@script/setup
	cargo run $(CARGO_PROFILE) --package quickbeam-fuzz -- $(or $(DURATION),60) $(SEED)

check: ## formatters, lints, warnings, docs
	@script/setup
	cargo fmt --all --check
	mix format --check-formatted
	cargo clippy --workspace --all-targets $(CARGO_PROFILE) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps $(CARGO_PROFILE)
	mix compile --force --warnings-as-errors
	mix run --no-start script/check_docs.exs
	mix test test/architecture_test.exs

format: ## let the formatters decide the layout
	cargo fmt --all
	mix format

clean: ## remove what was built
	cargo clean
	rm -rf _build priv/native/*.so priv/native/*.stamp
