# One compiled file a zone, as zoneinfo and libc read them. Slim files end in
# a POSIX rule for the years to come, which both understand.
cd "$SRC"
zones='africa antarctica asia australasia europe northamerica southamerica
    etcetera backward'
PATH=$PATH:/usr/sbin:/sbin
zic -b slim -d "$STAGE/zoneinfo" $zones
cp zone.tab zone1970.tab iso3166.tab "$STAGE/zoneinfo/"
cp leap-seconds.list "$STAGE/zoneinfo/leapseconds" 2>/dev/null || true
cp version "$STAGE/version"
