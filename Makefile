# Each target works in a fresh clone: .venv is made, and filled from the hashed lock, by whichever target comes first.
PYTHON ?= python3
UV ?= uv
DEMO ?= demo
ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
OLD_PYTHON := 需要 Python 3.11 或更新的版本，而 $(PYTHON) 不是；请安装后指明它，例如 make demo PYTHON=python3.11 / Python 3.11 or newer is needed and $(PYTHON) is not; install it and name it, as in make demo PYTHON=python3.11
NO_VENV := $(PYTHON) 缺少 venv 模块；请先安装它（Debian、Ubuntu：apt install python3-venv） / $(PYTHON) has no venv module; install it first (Debian, Ubuntu: apt install python3-venv)

.PHONY: help demo test check fix bench lock

help: ## 列出各目标 / list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED) ## 演示：一次完整的双随机抽查 / one whole double-random inspection
	@$(BIN)/gateway demo --dir $(DEMO) $(ARGS)

test: $(INSTALLED) ## 运行全部测试 / run all tests
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(INSTALLED) ## 检查格式、类型与架构 / check format, types and architecture
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo

fix: $(INSTALLED) ## 自动修正格式 / mend what can be mended by itself
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: $(INSTALLED) ## 测量速度与内存 / measure speed and memory
	@for script in $(sort $(wildcard tests/benchmarks/bench_*.py)); do \
		echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; \
	done

# Addresses of registries stay out of the locks, so that they install from any mirror.
COMPILE := pip compile pyproject.toml --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
lock: ## 重新生成 requirements/（需要 uv） / renew requirements/ (needs uv)
	$(UV) $(COMPILE) $(ARGS) --extra postgres --extra mysql --extra oracle --extra mssql --extra dameng --extra sftp --extra soap --group dev --output-file requirements/dev.txt
	$(UV) $(COMPILE) $(ARGS) --constraint requirements/dev.txt --output-file requirements/runtime.txt

# A .venv that works is kept; one of an old Python, or broken half-way, is made again.
$(INSTALLED): requirements/dev.txt pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 && $(BIN)/python -c '$(NEW_ENOUGH)' || { \
		$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { echo '$(OLD_PYTHON)' >&2; exit 1; }; \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '$(NO_VENV)' >&2; exit 1; }; \
		$(PYTHON) -m venv --clear .venv; \
	}
	@echo '安装依赖…… / installing the dependencies'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
