# The amalgamation as one object, with what distributions switch on.
mkdir "$WORK/build"
cd "$WORK/build"
"$SRC/configure" --host="$TARGET" --build="$(gcc -dumpmachine)" --prefix=/usr \
    --disable-shared --disable-tcl --disable-readline BUILD_CC=gcc
# The parser generator runs here, so it is compiled for here.
gcc -O1 -o lemon "$SRC/tool/lemon.c"
cp "$SRC/tool/lempar.c" .
make sqlite3.c BCC="gcc -O1"
$CC $CFLAGS -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION \
    -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS \
    -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB \
    -c sqlite3.c -o sqlite3.o
ar Drcs "$STAGE/lib/libsqlite3.a" sqlite3.o
cp sqlite3.h "$STAGE/include/"
