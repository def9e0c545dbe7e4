# fairlead: a thin face on Meson and Ninja. `make run` and `make test` are all that a newcomer needs.

BUILD ?= build
NODE ?= node
ENGINE = packaging/engine/node_modules/.of-lock

.PHONY: all deps test-deps run smoke test test-long bench fuzz lint api-table source-table asan tsan install deb clean

all: $(ENGINE) $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja: | deps
	@meson setup $(BUILD) >/dev/null

# A build directory that was made before the engine was there, or with another one.
$(ENGINE): packaging/engine/package-lock.json
	@packaging/deps

deps:
	@packaging/deps

# A build directory that was made before the test libraries were there has to look again.
test-deps:
	@packaging/deps test
	@[ ! -d $(BUILD) ] || [ -e $(BUILD)/tests/unit/store_test.p ] || meson setup --reconfigure $(BUILD) >/dev/null

run: all
	@$(BUILD)/fairlead serve --quick-start $(SERVE_ARGS)

smoke: all
	@packaging/smoke $(BUILD)/fairlead

test: test-deps all
	@NODE=$(NODE) tests/run $(BUILD)

test-long: test-deps all
	@NODE=$(NODE) FAIRLEAD_LONG=1 tests/run $(BUILD)

bench: test-deps all
	@$(NODE) tests/bench/bench.mjs $(BENCH_ARGS)

# Sanitizer builds run the same tests; this one also what the fuzzers have in their corpora.
asan: | test-deps
	@[ -d build-asan ] || CC=clang CXX=clang++ meson setup build-asan -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C build-asan && UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 tests/run build-asan

tsan: | test-deps
	@[ -d build-tsan ] || CC=clang CXX=clang++ meson setup build-tsan -Db_sanitize=thread -Db_lundef=false >/dev/null
	@ninja -C build-tsan && tests/run build-tsan

# Fuzzers of what strangers send, FUZZ_SECONDS (30) each.
FUZZ_FLAGS = -fsanitize=fuzzer-no-link
fuzz: | test-deps
	@[ -d build-fuzz ] || CC=clang CXX=clang++ meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined \
		-Db_lundef=false -Dc_args=$(FUZZ_FLAGS) -Dcpp_args=$(FUZZ_FLAGS) >/dev/null
	@ninja -j2 -C build-fuzz && tests/fuzz/run build-fuzz

lint: all
	@tests/architecture/check-includes
	@tests/architecture/check-length

# The table of operations in docs/api.md.
api-table: test-deps all
	@FAIRLEAD_BIN=$(BUILD)/fairlead $(NODE) tests/e2e/api_document.mjs

# docs/sources.md, from the table of source types.
source-table: all
	@$(BUILD)/tests/document/source-table >docs/sources.md

install: all
	@meson install -C $(BUILD)

deb: all
	@packaging/deb $(BUILD)

clean:
	@rm -rf build build-asan build-fuzz build-tsan
