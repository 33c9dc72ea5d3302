# One object whose only globals are the malloc family: mimalloc's other names
# are also those of the copy inside CPython. Its thread-local state is reached
# without a call, because it is part of the image.
$CC $CFLAGS -O3 -g1 -DNDEBUG -DMI_MALLOC_OVERRIDE -DMI_STATIC_LIB \
    -DMI_LIBC_MUSL=1 -D__USE_ISOC11=1 -fno-builtin-malloc \
    -fvisibility=hidden -ftls-model=local-exec \
    -I"$SRC/include" -I"$SRC/src" \
    -c "$ROOT/build/mimalloc/mimalloc.c" -o "$STAGE/lib/mimalloc.o"
set --
for name in malloc calloc realloc free memalign aligned_alloc posix_memalign \
    malloc_usable_size reallocarray greencorn_malloc_forked; do
	nm "$STAGE/lib/mimalloc.o" | grep -q " T $name\$"
	set -- "$@" -G "$name"
done
objcopy "$@" "$STAGE/lib/mimalloc.o"
