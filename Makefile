# make run, make test, make check, make bench: each installs what it needs, and is quick the second time.
PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
export ALLOWED_HOSTS ?= 127.0.0.1,localhost

.PHONY: run test check bench guide messages pins clean

run: .venv/run .secret-key
	@export SECRET_KEY="$${SECRET_KEY:-$$(cat .secret-key)}" && \
	$(BIN)/python manage.py compile_translations && \
	$(BIN)/python manage.py migrate --verbosity 0 && \
	$(BIN)/python manage.py load_data --once fixtures/third-period && \
	$(BIN)/python manage.py collectstatic --no-input --verbosity 0 && \
	echo "http://127.0.0.1:$(PORT)/" && \
	exec $(BIN)/granian --interface wsgi --host 127.0.0.1 --port $(PORT) --blocking-threads 4 --log-level warning portal.wsgi:application

test: .venv/dev
	@$(BIN)/python -m pytest $(ARGS)

check: .venv/dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/djade --check --target-version 5.2 $$(find templates -name '*.html')
	@$(BIN)/lint-imports
	@DEBUG=1 $(BIN)/mypy
	@DEBUG=1 $(BIN)/python manage.py check --fail-level WARNING
	@DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	@DEBUG=1 $(BIN)/python manage.py check_translations

# The pictures of the editor's guide, taken anew (needs Chromium).
guide: .venv/dev
	@GUIDE=1 $(BIN)/python -m pytest --no-cov -q tests/browser/test_guide.py -k shows

bench: .venv/dev
	@DEBUG=1 $(BIN)/python -m tests.bench

# Collect the words of the interface into the .po files (needs gettext), and pin the requirements anew (needs uv).
messages: .venv/dev
	@DEBUG=1 $(BIN)/python manage.py makemessages --locale en --no-obsolete --no-wrap --add-location file --ignore .venv
	@DEBUG=1 $(BIN)/python manage.py compile_translations

pins:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q -o requirements-dev.txt -c requirements.txt

.secret-key:
	@umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))' > $@

.venv/bin/pip:
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	      python3-venv >/dev/null && $(PYTHON) -m venv .venv; \
	  else \
	    echo "Python の venv がありません。次を実行してからやり直してください / Python's venv is missing; run: sudo apt install python3-venv" >&2; exit 1; \
	  fi; }

.venv/run: requirements.txt | .venv/bin/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $< && touch $@

.venv/dev: requirements-dev.txt | .venv/bin/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $< && touch $@ .venv/run

clean:
	rm -rf .venv .static .secret-key .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
