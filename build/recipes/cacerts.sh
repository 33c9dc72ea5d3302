# Mozilla's list of certificate authorities as one PEM bundle: those that may
# vouch for servers, in the order of their labels.
python3 "$ROOT/build/recipes/cacerts.py" "$SRC/mozilla/certdata.txt" \
    >"$STAGE/ca-bundle.crt"
grep -q 'BEGIN CERTIFICATE' "$STAGE/ca-bundle.crt"
