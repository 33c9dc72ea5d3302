cd "$SRC"
make -j"$JOBS" libbz2.a CC="$CC" CFLAGS="$CFLAGS -D_FILE_OFFSET_BITS=64" AR=ar
cp libbz2.a "$STAGE/lib/"
cp bzlib.h "$STAGE/include/"
