# The C library, whose loader is the image's own; and the compiler that knows
# it. Built once as it wants to be (libc.a serves the configure scripts and
# the interpreter that freezes the library), then collected for our link.
cd "$SRC"
CFLAGS="-O2 -g1 -fasynchronous-unwind-tables $GREENCORN_GCC_FLAGS" CC=gcc \
./configure --prefix="$PREFIX" --syslibdir="$PREFIX/lib" --disable-wrapper
make -j"$JOBS"
make install DESTDIR="$WORK/dest"
rm -rf "$STAGE"
mv "$WORK/dest$PREFIX" "$STAGE"
rm -f "$STAGE"/lib/libc.so "$STAGE"/lib/ld-musl-*

# The kernel's headers, which musl leaves to the system.
multiarch=$(gcc -print-multiarch)
for dir in linux asm-generic mtd; do
	cp -rL "/usr/include/$dir" "$STAGE/include/"
done
cp -rL "/usr/include/${multiarch:+$multiarch/}asm" "$STAGE/include/"

# A name with gcc in it, or CPython's configure drops flags silently.
mkdir -p "$STAGE/bin" "$STAGE/self"
sh tools/musl-gcc.specs.sh "$PREFIX/include" "$PREFIX/lib" "" \
    >"$STAGE/lib/musl-gcc.specs"
cat >"$STAGE/bin/$TARGET-gcc" <<EOF
#!/bin/sh
case \$1 in
--print-multiarch | -print-multiarch)
	echo $TARGET
	exit 0 ;;
esac
exec gcc -specs $PREFIX/lib/musl-gcc.specs \$GREENCORN_GCC_FLAGS "\$@"
EOF
chmod +x "$STAGE/bin/$TARGET-gcc"

# The loader and the rest of libc as position-independent objects, without
# the malloc family, which mimalloc provides. Added by their paths in sorted
# order: two objects are called clone.lo, and ar must not let one replace
# the other.
cp obj/ldso/dlstart.lo obj/ldso/dynlink.lo obj/crt/Scrt1.o "$STAGE/self/"
cp "$STAGE/lib/crti.o" "$STAGE/lib/crtn.o" "$STAGE/self/"
public='calloc|free|memalign|posix_memalign|realloc|aligned_alloc|reallocarray'
find obj/src obj/compat -name '*.lo' | sort |
    grep -vE "src/malloc/($public)\\.lo\$" |
    grep -vE 'mallocng/(aligned_alloc|malloc_usable_size)\.lo$' >"$WORK/objects"
# Where there are vectorised ones for this architecture, they take their place.
string=$ROOT/build/musl/string-$ARCH.c
if [ -e "$string" ]; then
	gcc -std=gnu11 -O2 -g1 -fPIC -ffreestanding -fno-stack-protector \
	    -fno-tree-loop-distribute-patterns -fasynchronous-unwind-tables \
	    $GREENCORN_GCC_FLAGS \
	    -c "$string" -o obj/string.lo
	grep -vE 'src/string/(memcmp|memchr|memrchr|strlen)\.lo$' \
	    "$WORK/objects" >"$WORK/kept"
	{ cat "$WORK/kept"; echo obj/string.lo; } >"$WORK/objects"
fi
xargs -n 100000 ar Dqcs "$STAGE/self/libc.a" <"$WORK/objects"
