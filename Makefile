# The commands of greencorn. `make help` prints the lines with two hashes.
# The work is in build/release.mk (the file), build/hosted.mk (the same C for
# tools) and scripts/.

S ?= 60
JOBS ?= $(shell nproc)
SUB = $(MAKE) --no-print-directory -j$(JOBS)
export JOBS

release: build-tools ## build/out/greencorn, the one static file (the default)
	@$(SUB) -f build/release.mk

hosted: build-tools test-tools ## the same C with the machine's libc, for tools
	@$(SUB) -f build/hosted.mk SAN=$(SAN)

run: release ## serve the example application, without a container
	@scripts/run

test: release test-tools ## every test [T=part of a name]; ends: N passed, N failed
	@scripts/test $(T)

check: release test-tools ## lint, then test; the count of both comes last
	@LINT=1 scripts/test $(T)

lint: release test-tools ## warnings, format, clang-tidy, cppcheck, layers
	@scripts/lint

soak: release soak-tools ## the long versions [S=seconds for each fuzz target]
	@SOAK=1 scripts/test $(T)

image: release ## the container image, localhost/greencorn:latest
	@scripts/image

bench-start: release ## from exec to the first answer, memory, size
	@scripts/bench-start

bench: bench-programs ## cost of a request, beside others [BENCH_ONLY=hello]
	@scripts/install-tools peers || true
	@python3 tests/bench/bench.py
	@[ -n "$(BENCH_ONLY)$(BENCH_SERVERS)" ] || python3 tests/bench/share.py
	@[ -n "$(BENCH_ONLY)$(BENCH_SERVERS)" ] || python3 tests/bench/dirty.py

bench-share: release ## how workers share the work, beside others
	@python3 tests/bench/share.py

bench-dirty: release ## dirty calls, beside Gunicorn [BENCH_ONLY=payload]
	@python3 tests/bench/dirty.py

bench-instructions: bench-programs ## instructions a request; [PROFILE=hello] by function
	@python3 tests/bench/instructions.py

asan: test-tools ## unit tests under AddressSanitizer
	@$(SUB) -f build/hosted.mk SAN=address unit

ubsan: test-tools ## unit tests under UndefinedBehaviorSanitizer
	@$(SUB) -f build/hosted.mk SAN=undefined unit

fault: release test-tools ## each allocation and system call of a request fails
	@SOAK=1 scripts/test tests/tree/fault

cover: test-tools ## line coverage of the unit tests
	@$(SUB) -f build/hosted.mk COVER=1 cover

fuzz-%: test-tools ## fuzz one parser [S=60 seconds], as in fuzz-h1_head
	@$(SUB) -f build/hosted.mk build/out/fuzz/$*
	@mkdir -p build/out/fuzz/corpus/$* tests/fuzz/corpus/$*
	PYTHONHOME=$$(sed -n 's/^DEP_python-hosted := //p' \
	    build/out/hosted.deps.mk) \
	    build/out/fuzz/$* -max_total_time=$(S) -max_len=65536 \
	    -artifact_prefix=build/out/fuzz/$*- \
	    build/out/fuzz/corpus/$* tests/fuzz/corpus/$*

fmt: ## format the C as src/.clang-format says
	@clang-format -style=file -i $(C_FILES)

docs: ## pages generated from the tables of src
	@if [ -x scripts/docs ]; then scripts/docs; fi

tags: ## an index of the C for editors
	@ctags -R --languages=C src 2>/dev/null || etags $(C_FILES)

clean: ## remove build/out; the cache of dependencies stays
	rm -rf build/out

help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## /\1\t/p' Makefile | \
	    awk -F '\t' '{ printf "make %-18s %s\n", $$1, $$2 }'

C_FILES = $(wildcard src/*.[ch] src/*/*.[ch])

build-tools:
	@scripts/install-tools build
test-tools:
	@scripts/install-tools test
soak-tools:
	@scripts/install-tools soak
bench-programs: release
	@scripts/install-tools bench
	@$(SUB) -f build/release.mk bench

.DEFAULT_GOAL := release
.PHONY: release hosted run test check lint soak image bench-start bench bench-share \
    bench-dirty bench-instructions asan ubsan fault cover fmt docs tags clean help build-tools \
    test-tools soak-tools bench-programs
