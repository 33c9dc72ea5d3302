cp "$SRC/jsmn.h" "$STAGE/include/"
