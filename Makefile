# Tarn. `make run` shows it; `make help` lists the rest.
SHELL := /bin/bash
ifeq ($(origin CC),default)
CC := gcc
endif
# V=asan | tsan | fuzz builds into build/$(V); the default is an optimised build with symbols.
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
LDLIBS := -lmicrohttpd -lsqlite3 -lcrypto -lcurl -lyaml -lz -lpcre2-8 -lutf8proc -ledit -ldl -lpthread -lm

SRCS := $(filter-out src/cmd/main.c,$(wildcard src/*/*.c src/api/*/*.c))
OBJS := $(SRCS:%.c=$(BUILD)/%.o)
MIGRATIONS := $(sort $(wildcard src/catalog/migrations/*.sql))
LIB := $(BUILD)/libtarn.a
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz-bin/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHC := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

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
	$(CC) $(BASE_CFLAGS) $(OPT) $(SAN) $(CFLAGS) -c $< -o $@
# Migrations are compiled in: one C array per numbered file.
$(BUILD)/gen/migrations.c: $(MIGRATIONS) tools/embed-migrations.sh
	@mkdir -p $(@D)
	tools/embed-migrations.sh $(MIGRATIONS) > $@
$(BUILD)/gen/migrations.o: $(BUILD)/gen/migrations.c
	$(CC) $(BASE_CFLAGS) $(OPT) $(SAN) -c $< -o $@
$(LIB): $(OBJS) $(BUILD)/gen/migrations.o
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/tarn: $(BUILD)/src/cmd/main.o $(LIB) $(BUILD)/libduckdb.so
	$(CC) $(OPT) $(SAN) $(LDFLAGS) -o $@ $< $(LIB) $(LDLIBS)

# ---- unit tests, fuzzers, benchmarks in C ----
$(BUILD)/unit/%: tests/unit/%.c $(LIB) $(BUILD)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) -Itests/unit $(OPT) $(SAN) -o $@ $< $(LIB) -lcmocka $(LDLIBS)
$(BUILD)/fuzz-bin/%: tests/fuzz/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(OPT) -fsanitize=fuzzer,address,undefined -o $@ $< $(LIB) $(LDLIBS)
$(BUILD)/bench/%: bench/%.c $(LIB) $(BUILD)/libduckdb.so
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) -O2 -o $@ $< $(LIB) $(LDLIBS)

.PHONY: unit unit-bins fuzz-bins
unit-bins: $(UNIT)
fuzz-bins: $(FUZZ)
unit: $(UNIT)
	@set -e; for t in $(UNIT); do echo "== $$t"; $$t; done

.PHONY: clean
clean:
	rm -rf build

-include $(OBJS:.o=.d) $(BUILD)/src/cmd/main.d
