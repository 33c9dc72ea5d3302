# CPython with every module of the standard library built in. Left out for
# want of their libraries: curses, readline, uuid, dbm, gdbm, tkinter.
# --build is --host: what is built runs here, and freezes the library.
if [ "$HOSTED" ]; then
	merge "$WORK/sys" ZLIB LIBFFI
	absent='_ssl _hashlib _sqlite3 _bz2 _lzma _curses _curses_panel readline
	    _uuid _dbm _gdbm _tkinter nis _crypt'
	link= opt="-DNDEBUG -fwrapv -O1 -g -Wall"
else
	merge "$WORK/sys" ZLIB BZIP2 XZ LIBFFI SQLITE OPENSSL
	absent='_curses _curses_panel readline _uuid _dbm _gdbm _tkinter'
	link=-static-pie opt="-DNDEBUG -fwrapv -O2 -Wall"
fi
for module in $absent; do
	set -- "$@" "py_cv_module_$module=n/a"
done
GREENCORN_GCC_FLAGS="$GREENCORN_GCC_FLAGS -ffile-prefix-map=$SRC=/python"
cd "$SRC"
# CFLAGS comes after OPT on every command line and must not carry an -O.
CFLAGS=$(printf '%s\n' "$CFLAGS" | sed 's/-O[0-9s]//; s/-g0//') \
MODULE_BUILDTYPE=static OPT="$opt -g1" LDFLAGS="$link -L$WORK/sys/lib" \
CPPFLAGS="-I$WORK/sys/include" LINKFORSHARED=-Wl,--export-dynamic \
./configure --build="$TARGET" --host="$TARGET" --prefix=/usr \
    --disable-shared --disable-test-modules --without-ensurepip \
    --with-openssl="$WORK/sys" --with-pkg-config=no --without-readline \
    --with-system-libmpdec=no ac_cv_file__dev_ptmx=yes \
    ac_cv_file__dev_ptc=no "$@"
ln -sf Setup.stdlib Modules/Setup.local
make -j"$JOBS"

ver=$PYTHON_SERIES
cp "libpython$ver.a" Modules/_decimal/libmpdec/libmpdec.a \
    Modules/expat/libexpat.a "$STAGE/lib/"
find Modules/_hacl -name '*.a' -exec cp {} "$STAGE/lib/" \;
cp -r Include "$STAGE/include/python$ver"
cp pyconfig.h "$STAGE/include/python$ver/"
# The library, laid out so that the interpreter finds it from its own place.
mkdir -p "$STAGE/bin" "$STAGE/lib/python$ver/lib-dynload"
cp -r Lib/. "$STAGE/lib/python$ver/"
cp build/lib.*/_sysconfigdata_*.py "$STAGE/lib/python$ver/"
(
	cd "$STAGE/lib/python$ver"
	rm -rf test idlelib tkinter turtledemo lib2to3 turtle.py
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -type d \( -name test -o -name tests -o -name idle_test \) \
	    -prune -exec rm -rf {} +
)
cp python "$STAGE/bin/python$ver"
strip -g "$STAGE/bin/python$ver"
"$STAGE/bin/python$ver" -BIc 'import sys; print(sys.version)'
