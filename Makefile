# Each target builds .venv from the hash-pinned lock when it is missing or older than the lock.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow check bench lock clean

demo: .venv/ready
	$(BIN)/candidly demo

test: .venv/ready
	$(BIN)/python -m pytest -n auto --dist loadfile

test-slow: .venv/ready
	$(BIN)/python -m pytest -m slow

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_packaging.py

bench: .venv/ready
	$(BIN)/python -m benchmarks

lock:
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip -q install uv
	.venv-lock/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet -o requirements.lock
	rm -rf .venv-lock

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
