# Tarn. `make run` shows it; `make help` lists the rest.
SHELL := /bin/bash
ifeq ($(origin CC),default)
CC := gcc
endif
# V=asan | tsan | fuzz | clang builds into build/$(V); the default is an optimised build with symbols.
V ?=
BUILD := build$(if $(V),/$(V))
DEPS := .cache/deps

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
BASE_CFLAGS := -std=c17 -D_GNU_SOURCE -g -fno-omit-frame-pointer -Isrc -I$(DEPS)/include $(WARN) -MMD -MP
OPT := -O2
SAN :=
ifeq ($(V),asan)
OPT := -O1
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif
ifeq ($(V),tsan)
OPT := -O1
SAN := -fsanitize=thread
endif
ifeq ($(V),fuzz)
CC := clang
OPT := -O1
SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
endif
CFLAGS ?=
LDLIBS := -lmicrohttpd -lsqlite3 -lcrypto -lcurl -lyaml -lz -lbz2 -lzstd -lsnappy -lpcre2-8 -lutf8proc -lstemmer -ledit -ldl -lpthread -lm

SRCS := $(filter-out src/cmd/main.c,$(wildcard src/*/*.c src/api/*/*.c))
OBJS := $(SRCS:%.c=$(BUILD)/%.o)
MIGRATIONS := $(sort $(wildcard src/catalog/migrations/*.sql))
LIB := $(BUILD)/libtarn.a
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz-bin/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHC := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

# One short line per file; VERBOSE=1 shows whole commands.
ifdef VERBOSE
say = @:
Q :=
else
say = @echo "  $(1)	$(2)"
Q := @
endif

# Builds use every core without being asked.
ifeq ($(MAKELEVEL)$(findstring -j,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

.PHONY: all
all: $(BUILD)/tarn

# ---- dependencies: installed when missing, named when they cannot be ----
$(DEPS)/.done: tools/deps.sh
	tools/deps.sh $(DEPS)
$(BUILD)/libduckdb.so: $(DEPS)/.done
	@mkdir -p $(@D) && ln -sfn $(abspath $(DEPS))/lib/libduckdb.so $@

# ---- program ----
$(BUILD)/%.o: %.c $(DEPS)/.done
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(BASE_CFLAGS) $(OPT) $(SAN) $(CFLAGS) -c $< -o $@
# Migrations are compiled in: one C array per numbered file.
$(BUILD)/gen/migrations.c: $(MIGRATIONS) tools/embed-migrations.sh
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)tools/embed-migrations.sh $(MIGRATIONS) > $@
$(BUILD)/gen/migrations.o: $(BUILD)/gen/migrations.c $(DEPS)/.done
	$(call say,CC,$<)
	$(Q)$(CC) $(BASE_CFLAGS) $(OPT) $(SAN) -c $< -o $@
$(LIB): $(OBJS) $(BUILD)/gen/migrations.o
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^
$(BUILD)/tarn: $(BUILD)/src/cmd/main.o $(LIB) $(BUILD)/libduckdb.so
	$(call say,LD,$@)
	$(Q)$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

# ---- documentation made from the program's tables ----
$(BUILD)/tools/%: tools/%.c $(LIB) $(BUILD)/libduckdb.so
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(BASE_CFLAGS) $(OPT) $(SAN) -o $@ $< $(LIB) $(LDLIBS)
.PHONY: docs check-docs
docs: $(BUILD)/tools/operations $(BUILD)/tools/functions
	$(BUILD)/tools/operations > docs/operations.md
	$(BUILD)/tools/functions > docs/functions.md
check-docs: $(BUILD)/tools/operations $(BUILD)/tools/functions
	@for d in operations functions; do $(BUILD)/tools/$$d | diff -u docs/$$d.md - || \
	    { echo "docs/$$d.md is stale; run make docs" >&2; exit 1; }; done

# ---- unit tests, fuzzers, benchmarks in C ----
$(BUILD)/unit/%: tests/unit/%.c $(wildcard tests/unit/*.h) $(LIB) $(BUILD)/libduckdb.so
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(BASE_CFLAGS) -Itests/unit $(OPT) $(SAN) -o $@ $< $(LIB) -lcmocka $(LDLIBS)
$(BUILD)/unit/test_work: $(BUILD)/tarn
$(BUILD)/fuzz-bin/%: tests/fuzz/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(BASE_CFLAGS) $(OPT) -fsanitize=fuzzer,address,undefined -o $@ $< $(LIB) $(LDLIBS)
$(BUILD)/bench/%: bench/%.c $(wildcard bench/*.h) $(LIB) $(BUILD)/libduckdb.so
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(BASE_CFLAGS) -O2 -o $@ $< $(LIB) $(LDLIBS)

.PHONY: unit unit-bins fuzz-bins
unit-bins: $(UNIT)
fuzz-bins: $(FUZZ)
unit: $(UNIT)
	@set -e; for t in $(UNIT); do echo "== $$t"; $$t; done

# ---- tests: `make test` is everything CI runs but the checks of `make check` ----
VENV := .venv
# In `make test` 20.
FUZZ_SECONDS ?= 60
JOBS := $(shell nproc)
# One file of tests is one process's: they share a server.
API_TESTS = $(VENV)/bin/pytest -q -c tests/pytest.ini -n $(JOBS) --dist loadfile tests/aws
FAULT_ROUNDS ?= 50
TEST_PACKAGES := awscli
SAN_PACKAGES := clang libclang-rt-14-dev
CHECK_PACKAGES := clang clang-format cppcheck

.PHONY: test test-deps pytest fault sanitize-asan sanitize-tsan fuzz clients
test-deps:
	@tools/install-test-deps.sh $(VENV) $(TEST_PACKAGES) $(SAN_PACKAGES)
pytest: $(BUILD)/tarn test-deps
	$(API_TESTS)
fault: $(BUILD)/tarn test-deps
	FAULT_ROUNDS=$(FAULT_ROUNDS) $(VENV)/bin/pytest -q -c tests/pytest.ini tests/fault
# dbt-athena and the Node SDK, which take a minute to install.
clients: $(BUILD)/tarn test-deps
	tools/install-clients.sh
	CLIENTS=1 $(VENV)/bin/pytest -q -c tests/pytest.ini tests/aws/test_clients.py
# Unit tests, then the server itself, under each sanitizer.
sanitize-asan: test-deps
	$(MAKE) -j$(JOBS) --no-print-directory V=asan unit-bins build/asan/tarn
	$(MAKE) --no-print-directory V=asan unit
	TARN_BINARY=$(CURDIR)/build/asan/tarn ASAN_OPTIONS=detect_leaks=1 $(API_TESTS) -m "not slow"
TSAN := TSAN_OPTIONS="halt_on_error=1 suppressions=$(CURDIR)/tools/tsan.suppress"
# What single statements answer races with nothing: files of such tests are left out here.
STATEMENTS := sql_attacks serdes ddl iceberg_ddl views information_schema hidden_columns explain_sql \
    explain pyathena parquet_schema prepared rowgroups projection
sanitize-tsan: test-deps
	$(MAKE) -j$(JOBS) --no-print-directory V=tsan unit-bins build/tsan/tarn
	$(TSAN) $(MAKE) --no-print-directory V=tsan unit
	TARN_BINARY=$(CURDIR)/build/tsan/tarn $(TSAN) $(API_TESTS) -m "not slow" \
	    $(STATEMENTS:%=--ignore=tests/aws/test_%.py)
fuzz: test-deps
	$(MAKE) -j$(JOBS) --no-print-directory V=fuzz fuzz-bins
	tools/fuzz.sh $(FUZZ_SECONDS) $(patsubst tests/fuzz/%.c,build/fuzz/fuzz-bin/%,$(wildcard tests/fuzz/fuzz_*.c))
test: test-deps
	$(MAKE) -j$(JOBS) --no-print-directory all unit-bins
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory pytest
	$(MAKE) --no-print-directory fault
	$(MAKE) --no-print-directory sanitize-asan
	$(MAKE) --no-print-directory sanitize-tsan
	$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=20

# ---- checks: format, clang's warnings, static analysis, dependency direction ----
.PHONY: check check-deps format
CHECKED := $(wildcard src/*/*.[ch] src/api/*/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c bench/*.c tools/*.c)
check-deps:
	@tools/install-test-deps.sh $(VENV) $(CHECK_PACKAGES)
format:
	clang-format -i $(CHECKED)
check: check-deps check-docs $(DEPS)/.done
	python3 tools/check-folders.py
	clang-format --dry-run -Werror $(CHECKED)
	$(MAKE) --no-print-directory V=clang CC=clang build/clang/libtarn.a
	cppcheck -q -j2 --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
	    --suppressions-list=tools/cppcheck.suppress -D__x86_64__ -Isrc src

# ---- the front door ----
PORT ?= 4566
DATA ?= ./data
.PHONY: run demo bench
run: $(BUILD)/tarn
	@PORT=$(PORT) DATA=$(DATA) TARN=$(abspath $(BUILD))/tarn examples/run.sh --keep
demo: $(BUILD)/tarn
	@PORT=$(PORT) DATA=$(DATA) TARN=$(abspath $(BUILD))/tarn examples/run.sh
bench: $(BUILD)/tarn $(BENCHC) test-deps
	@TARN=$(abspath $(BUILD))/tarn PYTHON=$(abspath $(VENV))/bin/python bench/run.sh

.PHONY: conformance
conformance: $(BUILD)/tarn
	$(if $(CORPUS),TARN=$(abspath $(BUILD))/tarn tools/corpus.sh $(CORPUS),tools/conformance.sh)

.PHONY: help
help:
	@echo "make            build build/tarn"
	@echo "make run        build, start a server on PORT (4566) with DATA (./data), play the examples"
	@echo "make demo       the same, then stop"
	@echo "make test       unit, API, fault, sanitizer and fuzz tests"
	@echo "make clients    dbt-athena and the Node SDK against a server"
	@echo "make check      format, static analysis, dependency direction"
	@echo "make docs       docs/operations.md and docs/functions.md, from the program's tables"
	@echo "make conformance  other projects' tests, or CORPUS=FILE of SQL, against a server"
	@echo "make bench      benchmarks against peers, ratios"
	@echo "make clean      remove build/"

.PHONY: clean
clean:
	rm -rf build

-include $(OBJS:.o=.d) $(BUILD)/src/cmd/main.d
