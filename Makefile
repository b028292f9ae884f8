# Two commands for a newcomer: `make run` and `make test`. They need python3 (3.11 or newer, with
# venv), make and curl; nothing else, no root. The other targets are for whoever works on Nexhina.

VENV := .venv
PY := $(VENV)/bin/python

help:
	@echo 'make run      install into ./.venv and start Nexhina on 127.0.0.1:8000 (ARGS="--port 9000" passes arguments on)'
	@echo 'make test     every check: format, lint, import contracts, types, tests, sizes, wheel (STEPS="ruff tests" picks some)'
	@echo 'make bench    against nginx on one core; needs Go, nginx and taskset (CHECK=1, SCALE=0.2, WRITE=1, ROWS=chat,chunk)'
	@echo 'make clients  other clients (Codex, LangChain, LlamaIndex, AI SDK, …) against a started Nexhina; 1 GB of packages (ARGS="-k codex")'
	@echo 'make lock     write requirements/*.lock anew from pyproject.toml'
	@echo 'make clean    remove what was built; ./data stays'

run: $(VENV)/.installed-run
	@exec $(VENV)/bin/nexhina serve --data-dir ./data $(ARGS)

test: $(VENV)/.installed-dev
	@$(PY) tools/gate.py $(STEPS)

bench: $(VENV)/.installed-dev
	@$(PY) tools/bench.py $(if $(CHECK),--check) $(if $(SCALE),--scale $(SCALE)) $(if $(WRITE),--write) $(if $(ROWS),--rows $(ROWS))

clients: $(VENV)/.installed-dev
	@$(PY) tools/clients.py $(ARGS)

lock: $(VENV)/.installed-dev
	@sh tools/lock.sh

clean:
	rm -rf $(VENV) .work build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was made from: the second run installs nothing.
$(VENV)/.installed-run: requirements/run.lock pyproject.toml tools/install.sh
	@sh tools/install.sh run

$(VENV)/.installed-dev: requirements/dev.lock requirements/run.lock pyproject.toml tools/install.sh
	@sh tools/install.sh dev

.PHONY: help run test bench clients lock clean
.DEFAULT_GOAL := help
