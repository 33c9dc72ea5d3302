# The library's files by hand: its configure script asks for far more.
cd "$SRC/lib"
version=$(sed -n 's/^AC_INIT(\[nghttp2\], \[\([^]]*\)\].*/\1/p' ../configure.ac)
number=$(echo "$version" | awk -F '[.-]' '{ printf "0x%02x%02x%02x", $1, $2, $3 }')
if [ ! -e includes/nghttp2/nghttp2ver.h ]; then
	sed "s/@PACKAGE_VERSION@/$version/; s/@PACKAGE_VERSION_NUM@/$number/" \
	    includes/nghttp2/nghttp2ver.h.in >includes/nghttp2/nghttp2ver.h
fi
for file in *.c; do
	$CC $CFLAGS -DNDEBUG -DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H \
	    -DHAVE_TIME_H -DNGHTTP2_STATICLIB -Iincludes -I. -c "$file"
done
ls *.o | sort | xargs ar Dqcs "$STAGE/lib/libnghttp2.a"
cp -r includes/nghttp2 "$STAGE/include/"
