cd "$SRC"
# The choice of CPU features is made at run time; no compiler flag needed.
mkdir -p "$WORK/obj"
find src -name '*.c' | sort >"$WORK/sources"
xargs -P "$JOBS" -I{} sh -c '
	exec $CC $CFLAGS -Isrc -Iinc -c "$1" \
	    -o "$WORK/obj/$(echo "$1" | tr / _).o"' sh {} <"$WORK/sources"
(cd "$WORK/obj" && ls | sort | xargs -n 100000 ar Dqcs "$STAGE/lib/libbearssl.a")
cp inc/*.h "$STAGE/include/"
