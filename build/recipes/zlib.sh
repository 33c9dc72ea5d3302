cd "$SRC"
CFLAGS="$CFLAGS -O3" ./configure --static --prefix=/usr
make -j"$JOBS" libz.a
cp libz.a "$STAGE/lib/"
cp zlib.h zconf.h "$STAGE/include/"
