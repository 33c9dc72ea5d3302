# Without executable trampolines in files of their own: there may be no /proc
# and no writable disk.
cd "$SRC"
./autogen.sh
./configure --host="$TARGET" --prefix=/usr --disable-shared --disable-docs \
    --disable-multi-os-directory --disable-exec-static-tramp \
    --disable-builddir
make -j"$JOBS"
make install DESTDIR="$WORK/dest"
cp "$(find "$WORK/dest" -name libffi.a)" "$STAGE/lib/"
cp "$(find "$WORK/dest" -name ffi.h)" "$(find "$WORK/dest" -name ffitarget.h)" \
    "$STAGE/include/"
