# hosted.mk: our C against the machine's libc, for what cannot work on the
# static file: sanitizers, fuzzers, valgrind, coverage; and the unit tests.
#
#   SAN=address,undefined   sanitizers; each set has a folder of its own
#   COVER=1                 coverage counters

empty :=
space := $(empty) $(empty)
comma := ,
NAME := hosted$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(COVER),-cover)
OUT := build/out/$(NAME)
all: $(OUT)/libgreencorn.a $(OUT)/greencorn
	@:

DEPS := build/out/hosted.deps.mk
include $(DEPS)
$(DEPS): build/deps.lock build/lock.sh scripts/build-deps \
    $(wildcard build/recipes/* build/patches/*/*)
	@scripts/build-deps hosted $@
ifneq ($(words $(wildcard $(DEPS_BUILT))),$(words $(DEPS_BUILT)))
$(DEPS): FORCE
endif

include build/flags.mk
INCLUDES := $(foreach d,$(DEP_zlib-hosted) $(DEP_bearssl-hosted) \
    $(DEP_nghttp2-hosted) $(DEP_jsmn),-isystem $d/include) \
    -isystem $(DEP_python-hosted)/include/python$(PYTHON_SERIES)
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) \
    $(if $(COVER),--coverage)
CFLAGS := $(C_FLAGS) $(WARNINGS) -O1 -g -fno-omit-frame-pointer -Isrc \
    $(INCLUDES)
PYTHON_LIBS := $(DEP_python-hosted)/lib/libpython$(PYTHON_SERIES).a \
    $(filter-out %/libpython$(PYTHON_SERIES).a, \
    $(wildcard $(DEP_python-hosted)/lib/*.a)) $(DEP_zlib-hosted)/lib/libz.a \
    $(DEP_libffi-hosted)/lib/libffi.a
LIBS := -Wl,--start-group $(PYTHON_LIBS) $(DEP_bearssl-hosted)/lib/libbearssl.a \
    $(DEP_nghttp2-hosted)/lib/libnghttp2.a -Wl,--end-group \
    -lpthread -ldl -lm -lutil

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
STAND_INS := $(sort $(wildcard build/hosted/*_hosted.c))
MAIN := $(filter src/main.c,$(SOURCES))
OBJECTS := $(SOURCES:src/%.c=$(OUT)/obj/%.o)
MAIN_OBJECT := $(MAIN:src/%.c=$(OUT)/obj/%.o)
LIB_OBJECTS := $(filter-out $(MAIN_OBJECT),$(OBJECTS)) \
    $(STAND_INS:build/hosted/%.c=$(OUT)/obj/hosted/%.o)

$(OUT)/obj/%.o: src/%.c $(DEPS) build/flags.mk
	@mkdir -p $(@D)
	@echo "  CC ($(NAME)) $<"
	@gcc $(CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@
$(OUT)/obj/hosted/%.o: build/hosted/%.c $(DEPS) build/flags.mk
	@mkdir -p $(@D)
	@gcc $(CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@
-include $(OBJECTS:.o=.d)

$(OUT)/libgreencorn.a: $(LIB_OBJECTS)
	@rm -f $@
	@ar Drcs $@ $^

# The library is frozen once, by the interpreter of the release.
FROZEN := $(OUT)/frozen.a
build/out/frozen.o: FORCE
	@$(MAKE) --no-print-directory -f build/release.mk $@
$(FROZEN): build/out/frozen.o
	@rm -rf $(OUT)/frozen && mkdir -p $(OUT)/frozen
	@for f in build/out/frozen/*.c build/out/frozen/*.S; do \
	    gcc $(C_FLAGS) -O1 -I$(CURDIR)/src $(INCLUDES) -Wa,-Ibuild/out/frozen \
	        -c $$f -o $(OUT)/frozen/$$(basename $$f).o || exit 1; done
	@rm -f $@ && ar Drcs $@ $(OUT)/frozen/*.o

$(OUT)/greencorn: $(MAIN_OBJECT) $(OUT)/libgreencorn.a $(FROZEN)
ifneq ($(MAIN),)
	@echo "  LD ($(NAME)) $@"
	@gcc $(SANITIZE) -rdynamic -o $@ $(MAIN_OBJECT) -Wl,--start-group \
	    $(OUT)/libgreencorn.a $(FROZEN) -Wl,--end-group $(LIBS)
else
	@:
endif

# The server for tests of faults: between our objects and libc lies fault.c.
FAULT := $(OUT)/greencorn-fault
$(OUT)/fault.a: $(MAIN_OBJECT) $(OUT)/libgreencorn.a build/hosted/fault.syms
	@rm -rf $(OUT)/fault && mkdir -p $(OUT)/fault
	@objcopy --redefine-syms=build/hosted/fault.syms \
	    $(OUT)/libgreencorn.a $(OUT)/fault/ours.a
	@objcopy --redefine-syms=build/hosted/fault.syms \
	    $(MAIN_OBJECT) $(OUT)/fault/main.o
	@ar Drcs $(OUT)/fault/ours.a $(OUT)/fault/main.o
	@mv $(OUT)/fault/ours.a $@
$(FAULT): build/hosted/fault.c $(OUT)/fault.a $(FROZEN)
	@echo "  LD ($(NAME)) $@"
	@gcc $(CFLAGS) $(SANITIZE) -rdynamic -o $@ build/hosted/fault.c \
	    -Wl,--start-group $(OUT)/fault.a $(FROZEN) -Wl,--end-group $(LIBS)

# Every tests/unit/MODULE/FILE_test.c is a program of its own.
TESTS := $(sort $(wildcard tests/unit/*/*_test.c))
TEST_PROGRAMS := $(TESTS:tests/unit/%.c=$(OUT)/unit/%)
$(OUT)/unit/%: tests/unit/%.c $(OUT)/libgreencorn.a $(FROZEN)
	@mkdir -p $(@D)
	@echo "  CC ($(NAME)) $<"
	@gcc $(filter-out -Wmissing-prototypes,$(CFLAGS)) $(SANITIZE) -MMD -MP \
	    -I$(<D) -o $@ $< -Wl,--start-group $(OUT)/libgreencorn.a $(FROZEN) \
	    -Wl,--end-group $(LIBS) -lcmocka
-include $(TEST_PROGRAMS:=.d)

# Replays: every fuzz target over its corpus, without a fuzzer.
TARGETS := $(sort $(basename $(notdir $(wildcard tests/fuzz/*.c))))
REPLAYS := $(TARGETS:%=$(OUT)/replay/%)
$(OUT)/replay/%: tests/fuzz/%.c build/hosted/replay.c $(OUT)/libgreencorn.a
	@mkdir -p $(@D)
	@gcc $(filter-out -Wmissing-prototypes,$(CFLAGS)) $(SANITIZE) -o $@ \
	    $< build/hosted/replay.c -Wl,--start-group $(OUT)/libgreencorn.a \
	    $(FROZEN) -Wl,--end-group $(LIBS)
$(REPLAYS): $(FROZEN)

# Goals of the Makefile and of scripts/test. -k: one test that does not
# compile must not hide the others.
programs: $(TEST_PROGRAMS) $(REPLAYS) $(FAULT)
unit: $(TEST_PROGRAMS)
	@export PYTHONHOME=$(DEP_python-hosted); failed=0; \
	for t in $^; do $$t || failed=1; done; exit $$failed

cover: $(TEST_PROGRAMS)
	@export PYTHONHOME=$(DEP_python-hosted); \
	for t in $^; do $$t >/dev/null 2>&1 || true; done
	@cd $(OUT)/obj && find . -name '*.gcno' -size +0 | sort | \
	    xargs gcov -n -s $(CURDIR)/src 2>/dev/null | \
	    awk '/^File .*src\// { f = $$2 } /^Lines/ && f { print $$2, f; f = "" }' | \
	    sed 's/executed://; s/%//' | sort -n

# Fuzzers want clang for all of it.
FUZZ := build/out/fuzz
FUZZ_OBJECTS := $(filter-out $(FUZZ)/obj/main.o,$(SOURCES:src/%.c=$(FUZZ)/obj/%.o)) \
    $(STAND_INS:build/hosted/%.c=$(FUZZ)/obj/hosted/%.o)
$(FUZZ)/obj/%.o: src/%.c $(DEPS)
	@mkdir -p $(@D)
	@clang $(CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP \
	    -c $< -o $@
$(FUZZ)/obj/hosted/%.o: build/hosted/%.c $(DEPS)
	@mkdir -p $(@D)
	@clang $(CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP \
	    -c $< -o $@
-include $(FUZZ_OBJECTS:.o=.d)
$(FUZZ)/libgreencorn.a: $(FUZZ_OBJECTS)
	@rm -f $@
	@ar Drcs $@ $^
$(FUZZ)/%: tests/fuzz/%.c $(FUZZ)/libgreencorn.a
	@clang $(filter-out -Wmissing-prototypes,$(CFLAGS)) \
	    -fsanitize=fuzzer,address,undefined -o $@ $< \
	    $(FUZZ)/libgreencorn.a $(LIBS)

print-includes:
	@echo '$(INCLUDES)'

FORCE:
.PHONY: print-includes all programs unit cover FORCE
.SECONDARY:
.DELETE_ON_ERROR:
