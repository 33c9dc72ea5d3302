cd "$SRC"
./configure --host="$TARGET" --prefix=/usr --disable-shared --disable-nls \
    --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo \
    --disable-scripts --disable-doc --disable-lzma-links
make -j"$JOBS"
make install DESTDIR="$WORK/dest"
cp "$WORK/dest/usr/lib/liblzma.a" "$STAGE/lib/"
cp -r "$WORK/dest/usr/include/." "$STAGE/include/"
