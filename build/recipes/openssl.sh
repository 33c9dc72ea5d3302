# For Python's ssl and hashlib: no plug-ins, no programs, no retired ciphers.
# The paths that it remembers are those of the image, never of this machine.
mkdir "$WORK/build"
cd "$WORK/build"
perl "$SRC/Configure" "linux-$ARCH" --prefix=/usr --libdir=lib \
    --openssldir=/etc/ssl no-shared no-tests no-apps no-docs no-engine no-dso \
    no-module no-legacy no-ui-console no-comp no-quic no-dtls no-ssl3 \
    no-weak-ssl-ciphers no-bf no-cast no-idea no-md4 no-mdc2 no-rc2 no-rc4 \
    no-seed no-whirlpool no-gost no-srp no-cmp no-ts \
    "CC=$CC" $CFLAGS
make -j"$JOBS" build_libs
make install_dev DESTDIR="$WORK/dest"
cp "$WORK/dest/usr/lib"/lib{ssl,crypto}.a "$STAGE/lib/"
cp -r "$WORK/dest/usr/include/." "$STAGE/include/"
