# release.mk: the one file. Called by the Makefile; scripts/build-deps brings
# the dependencies, freeze.py the standard library, ld puts all of it together.
# src/notes/0005-build.md says why each step is as it is.

OUT := build/out
all: $(OUT)/greencorn
	@:

DEPS := $(OUT)/release.deps.mk
include $(DEPS)
$(DEPS): build/deps.lock build/lock.sh scripts/build-deps \
    $(wildcard build/recipes/* build/patches/*/* build/mimalloc/* build/musl/*)
	@scripts/build-deps release $@
# A cache that was emptied behind our back is filled again.
ifneq ($(words $(wildcard $(DEPS_BUILT))),$(words $(DEPS_BUILT)))
$(DEPS): FORCE
endif

include build/flags.mk
CC := $(DEP_musl)/bin/$(ARCH)-linux-musl-gcc
# The last that fits holds: the cache may lie below the home, or elsewhere.
export GREENCORN_GCC_FLAGS := -ffile-prefix-map=$(HOME)=/home \
    $(if $(DEP_CACHE),-ffile-prefix-map=$(DEP_CACHE)=/deps) \
    -ffile-prefix-map=$(CURDIR)=.
export SOURCE_DATE_EPOCH := 1700000000
PYTHON := $(DEP_python)/bin/python$(PYTHON_SERIES)
PYTHON_LIB := $(DEP_python)/lib/python$(PYTHON_SERIES)
INCLUDES := $(foreach d,$(DEP_zlib) $(DEP_bearssl) $(DEP_nghttp2) \
    $(DEP_jsmn),-isystem $d/include) \
    -isystem $(DEP_python)/include/python$(PYTHON_SERIES)
CFLAGS := $(C_FLAGS) $(WARNINGS) -O2 -g -fPIE -fno-plt -Isrc $(INCLUDES)

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(OUT)/obj/%.o)

$(OUT)/obj/%.o: src/%.c $(DEPS) build/flags.mk
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
-include $(OBJECTS:.o=.d)

# The standard library and what else lies inside, as object code.
FROZEN := $(OUT)/frozen.o
$(FROZEN): $(DEPS) $(wildcard build/freeze*.py) \
    $(shell find rootfs/python -name '*.py' 2>/dev/null)
	@echo "  FREEZE"
	@rm -rf $(OUT)/frozen $(OUT)/sysconfig
	@mkdir -p $(OUT)/frozen $(OUT)/sysconfig
	@for f in $(PYTHON_LIB)/_sysconfigdata_*.py; do \
	    sed 's,$(DEP_CACHE)/work/[^/]*/,/build/,g' $$f \
	        >$(OUT)/sysconfig/$${f##*/}; done
	@$(PYTHON) -BI -X utf8 -c 'import sys, runpy; \
	    sys.path.insert(0, "build"); \
	    runpy.run_path("build/freeze.py", run_name="__main__")' \
	    --lib $(PYTHON_LIB) \
	    --sysconfig $(OUT)/sysconfig/_sysconfigdata_*.py \
	    --packages rootfs/python --pip $(PYTHON_LIB)/ensurepip/_bundled \
	    --tzdata $(DEP_tzdata)/zoneinfo \
	    --cacert $(DEP_cacerts)/ca-bundle.crt --out $(OUT)/frozen
	@cd $(OUT)/frozen && for f in *.c *.S; do \
	    $(CC) $(C_FLAGS) -O2 -fPIE -I. -I$(CURDIR)/src \
	        $(INCLUDES) -Wa,-I. -c $$f || exit 1; done
	@ld -r -o $@ $(sort $(OUT)/frozen/*.o)

# What wheels may bind to: libc, the CPython API and zlib.
EXPORTS := $(OUT)/exports.list
$(EXPORTS): $(DEPS) scripts/list-exports
	@scripts/list-exports $(DEP_musl)/self $(DEP_zlib)/lib/libz.a \
	    $(DEP_python)/lib/libpython$(PYTHON_SERIES).a \
	    $(DEP_mimalloc)/lib/mimalloc.o >$@.tmp
	@mv $@.tmp $@

GCC_DIR := $(shell gcc -print-libgcc-file-name | xargs dirname)
LD_FLAGS := -pie --no-dynamic-linker -e _dlstart -z text -z relro -z now \
    -z noexecstack -z stack-size=8388608 -z pack-relative-relocs \
    --eh-frame-hdr --hash-style=gnu --build-id=sha1 --gc-sections \
    --no-undefined --dynamic-list=$(EXPORTS)
# Not called yet; kept so that the size of the file is honest.
LATER := br_ssl_server_init_full_rsa br_ssl_server_init_full_ec \
    br_ssl_server_init_minf2c br_skey_decoder_push br_pem_decoder_push \
    br_x509_decoder_push br_ssl_engine_sendapp_ack nghttp2_session_server_new3 \
    nghttp2_session_mem_recv nghttp2_session_mem_send nghttp2_submit_response \
    nghttp2_submit_trailer nghttp2_submit_settings nghttp2_submit_rst_stream \
    nghttp2_submit_goaway nghttp2_submit_shutdown_notice
LIBS := $(filter-out %/libpython$(PYTHON_SERIES).a, \
    $(wildcard $(DEP_python)/lib/*.a)) $(DEP_bzip2)/lib/libbz2.a \
    $(DEP_xz)/lib/liblzma.a $(DEP_libffi)/lib/libffi.a \
    $(DEP_sqlite)/lib/libsqlite3.a $(DEP_openssl)/lib/libssl.a \
    $(DEP_openssl)/lib/libcrypto.a $(DEP_bearssl)/lib/libbearssl.a \
    $(DEP_nghttp2)/lib/libnghttp2.a
SELF := $(DEP_musl)/self

# $(call link,OUTPUT,OBJECTS): one file that loads itself, Python inside.
define link
@echo "  LD $1"
@ld $(LD_FLAGS) $(LATER:%=-u %) -o $1 \
    $(SELF)/Scrt1.o $(SELF)/crti.o $(GCC_DIR)/crtbeginS.o \
    $(SELF)/dlstart.lo $(SELF)/dynlink.lo \
    $2 $(FROZEN) $(DEP_mimalloc)/lib/mimalloc.o \
    --whole-archive $(DEP_python)/lib/libpython$(PYTHON_SERIES).a \
    $(DEP_zlib)/lib/libz.a --no-whole-archive \
    --start-group $(LIBS) --end-group \
    --whole-archive $(SELF)/libc.a --no-whole-archive \
    $(GCC_DIR)/libgcc.a $(SELF)/libc.a \
    $(GCC_DIR)/crtendS.o $(SELF)/crtn.o
endef

$(OUT)/greencorn.full: $(OBJECTS) $(FROZEN) $(EXPORTS) $(DEPS) \
    build/release.mk
	$(call link,$@,$(OBJECTS))

$(OUT)/greencorn: $(OUT)/greencorn.full scripts/check-elf
	@objcopy --only-keep-debug $< $@.debug
	@strip -o $@.tmp $<
	@objcopy --add-gnu-debuglink=$@.debug $@.tmp
	@scripts/check-elf $@.tmp
	@mv $@.tmp $@
	@echo "$@: $$(stat -c %s $@) bytes"

# The image wants the certificate authorities as a file.
all: $(OUT)/ca-certificates.crt
$(OUT)/ca-certificates.crt: $(DEPS)
	@cp $(DEP_cacerts)/ca-bundle.crt $@

# A test of the allocator and fork() together, as the release links them.
$(OUT)/allocator-forks: tests/fork/allocator_forks.c $(DEPS)
	@$(CC) $(C_FLAGS) $(WARNINGS) -O2 -g -fPIE -static-pie \
	    -Wl,-z,stack-size=8388608 -o $@ $< $(DEP_mimalloc)/lib/mimalloc.o

# The bench's own programs: its client, and the two floors. The one with
# Python is the release with another main, so that both have one interpreter.
BENCH := $(OUT)/bench
bench: $(BENCH)/load $(BENCH)/floor-c $(BENCH)/floor-python
	@:
$(BENCH)/load: tests/bench/load.c $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) $(WARNINGS) -O2 -g -static-pie -fPIE -o $@ $<
$(BENCH)/floor-c: tests/bench/floor_c.c tests/bench/floor.c \
    tests/bench/floor.h $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(C_FLAGS) $(WARNINGS) -O2 -g -fPIE -static-pie -o $@ \
	    $(filter %.c,$^) $(DEP_mimalloc)/lib/mimalloc.o
$(BENCH)/%.o: tests/bench/%.c tests/bench/floor.h $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c $< -o $@
$(BENCH)/floor-python: $(BENCH)/floor_python.o $(BENCH)/floor.o \
    $(filter-out $(OUT)/obj/main.o,$(OBJECTS)) $(FROZEN) $(EXPORTS) \
    build/release.mk
	$(call link,$@,$(filter %.o,$(filter-out $(FROZEN),$^)))

FORCE:
.PHONY: all bench FORCE
.DELETE_ON_ERROR:
