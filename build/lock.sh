# lock.sh: read build/deps.lock and bring its sources here, verified. Sourced
# by scripts/fetch, scripts/relock and scripts/build-deps (bash).
#
# A locked file is asked for at every mirror that this machine's package
# client knows, and taken only with the locked SHA-256. When no mirror has it
# any more, the newest version that the archive's signed index still offers
# takes its place, loudly; STRICT=1 refuses that.

LOCK=${LOCK:-$ROOT/build/deps.lock}
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/greencorn}
APT_DIR=$CACHE/apt

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

lock_names() { awk '$1 == "name:" { print $2 }' "$LOCK"; }

# lock_get NAME FIELD: the values of a field, one a line.
lock_get() {
	awk -v name="$1" -v field="$2:" '
	$1 == "name:" { mine = $2 == name }
	mine && $1 == field { sub(/^[^ ]+ /, ""); print }' "$LOCK"
}

# The mirrors of this machine as "uri signed-by" lines, from both kinds of
# sources lists. Those of third parties fall out later: they lack our suites.
mirrors() {
	local dir=${APT_SOURCES:-/etc/apt} f
	for f in "$dir"/sources.list "$dir"/sources.list.d/*.list; do
		[ -r "$f" ] || continue
		sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]\{1,\}//p' "$f" |
		awk '{ key = ""
			if (match($0, /signed-by=[^] ]*/))
				key = substr($0, RSTART + 10, RLENGTH - 10)
			sub(/^\[[^]]*\][ \t]*/, ""); print $1, key }'
	done
	for f in "$dir"/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		awk 'BEGIN { RS = ""; FS = "\n" }
		{ n = 0; key = ""
		  for (i = 1; i <= NF; i++) {
			if ($i ~ /^[ \t]*#/) continue
			if ($i ~ /^URIs:/) { sub(/^URIs:[ \t]*/, "", $i); n = split($i, uri, /[ \t]+/) }
			if ($i ~ /^Signed-By: *\//) { sub(/^Signed-By:[ \t]*/, "", $i); key = $i }
		  }
		  for (i = 1; i <= n; i++) print uri[i], key }' "$f"
	done
}

MIRRORS=
mirror_list() {
	[ -n "$MIRRORS" ] || MIRRORS=$(mirrors | sed 's,/* , ,' |
	    awk '!seen[$1]++')
	printf '%s\n' "$MIRRORS"
}

apt_helper() { /usr/lib/apt/apt-helper -qq -o Acquire::Retries=1 \
	-o APT::Sandbox::User=root "$@"; }

sha256() { sha256sum "$1" | cut -d' ' -f1; }

# fetch_file POOL SHA NAME: puts the file into the cache and prints its path.
fetch_file() {
	local dest=$CACHE/sources/$2/$3 uri key tmp
	if [ -f "$dest" ] && [ "$(sha256 "$dest")" = "$2" ]; then
		printf '%s\n' "$dest"
		return 0
	fi
	[ -x /usr/lib/apt/apt-helper ] || die "no package client of Debian" \
	    "here: build with docker/Dockerfile.build instead"
	mkdir -p "$CACHE/sources/$2"
	tmp=$dest.$$
	while read -r uri key; do
		rm -f "$tmp"
		apt_helper download-file "$uri/$1/$(printf '%s' "$3" |
		    sed 's/+/%2b/g; s/~/%7e/g')" "$tmp" "SHA256:$2" \
		    >/dev/null 2>&1 </dev/null || continue
		[ "$(sha256 "$tmp")" = "$2" ] || continue
		mv "$tmp" "$dest"
		printf '%s\n' "$dest"
		return 0
	done <<-EOF
	$(mirror_list)
	EOF
	rm -f "$tmp"
	rmdir "$CACHE/sources/$2" 2>/dev/null
	return 1
}

apt_options() {
	cat <<-EOF
	Dir::Etc::sourcelist "$APT_DIR/sources.list";
	Dir::Etc::sourceparts "-";
	Dir::State::lists "$APT_DIR/lists";
	Dir::Cache "$APT_DIR/cache";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	EOF
}

# Index the sources of the suites that the lock names, from every mirror that
# has them: private lists, so that the machine's own are left alone.
index_ready=
index_update() {
	local suite uri key part dir=$APT_DIR
	[ -z "$index_ready" ] || return 0
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	apt_options >"$dir/options"
	: >"$dir/sources.list"
	while read -r uri key; do
		for suite in $(sed -n 's/^suite: //p' "$LOCK" | sort -u); do
			for part in "$suite" "$suite-updates" "$suite-security"
			do
				apt_helper download-file \
				    "$uri/dists/$part/InRelease" \
				    "$dir/probe" >/dev/null 2>&1 </dev/null ||
					continue
				printf 'deb-src %s%s %s main\n' \
				    "${key:+[signed-by=$key] }" "$uri" "$part" \
				    >>"$dir/sources.list"
			done
		done
	done <<-EOF
	$(mirror_list)
	EOF
	[ -s "$dir/sources.list" ] || die "no mirror of this machine answers" \
	    "with one of the suites that build/deps.lock names"
	say "reading the archive's index"
	APT_CONFIG=$dir/options apt-get -qq update >&2 || true
	index_ready=yes
}

# offers NAME: "version pool sha file..." lines that the signed index has,
# newest first.
offers() {
	APT_CONFIG=$APT_DIR/options apt-cache showsrc --only-source "$1" \
	    2>/dev/null | awk '
	function flush() {
		if (version != "") print version, pool files
		version = pool = files = ""; sums = 0
	}
	/^$/ { flush() }
	/^Version: / { version = $2 }
	/^Directory: / { pool = $2 }
	/^[A-Z]/ { sums = $1 == "Checksums-Sha256:" }
	/^ / && sums && $3 !~ /\.(dsc|asc)$/ { files = files " " $1 " " $3 }
	END { flush() }' | sort -u | newest_first
}

newest_first() {
	local line best rest lines
	mapfile -t lines
	while [ ${#lines[@]} -gt 0 ]; do
		best=${lines[0]} rest=()
		for line in "${lines[@]:1}"; do
			if dpkg --compare-versions "${line%% *}" gt "${best%% *}"
			then
				rest+=("$best")
				best=$line
			else
				rest+=("$line")
			fi
		done
		printf '%s\n' "$best"
		lines=("${rest[@]}")
	done
}

upstream() { local v=${1#*:}; printf '%s\n' "${v%-*}"; }

# in_series VERSION SERIES: 3.46.1-7 is of series 3.46, 20250419 of 2025.
in_series() {
	case $(upstream "$1") in
	"$2" | "$2"[.+]* ) return 0 ;;
	20[0-9][0-9]*) [ "${#2}" = 4 ] && return 0 ;;
	esac
	return 1
}

# pick_files NAME LINE...: of an offer, the upstream source (the plain .orig,
# or the only tarball of a native source) and Debian's patches where used.
pick_files() {
	local want=$(lock_get "$1" patches) sha file main= deb= comp
	shift
	while [ $# -ge 2 ]; do
		sha=$1 file=$2
		shift 2
		case $file in
		*.debian.tar.*) deb="$sha $file" ;;
		*.orig.tar.*) main="$sha $file" ;;
		*.orig-*.tar.*) ;;
		*.tar.*) main="$sha $file" ;;
		esac
	done
	printf '%s\n' "$main"
	if [ "$want" != none ] && [ -n "$deb" ]; then
		printf '%s\n' "$deb"
	fi
}

# take NAME VERSION POOL: fetches the files on stdin ("sha name" lines).
# Sets SRC_VERSION, SRC_FILES (paths), SRC_SUMS.
take() {
	local sha file path missing=0
	SRC_VERSION=$2 SRC_FILES=() SRC_SUMS=() SRC_POOL=$3 SRC_NOTE=
	while read -r sha file; do
		if path=$(fetch_file "$3" "$sha" "$file"); then
			SRC_FILES+=("$path")
			SRC_SUMS+=("$sha $file")
		elif [ ${#SRC_FILES[@]} -gt 0 ]; then
			SRC_NOTE="without $file"
		else
			return 1
		fi
	done
	[ -z "$SRC_NOTE" ]
}

warn_substitute() {
	say ""
	say "*** $1: $2 is on no mirror of this machine any more."
	say "*** Using $3 instead: this build is not the locked one."
	say "*** scripts/relock $1 writes what was found into build/deps.lock."
	say ""
}

# source_get NAME: the locked source, or what may stand in for it.
source_get() {
	local name=$1 locked series version pool rest kept
	locked=$(lock_get "$name" version)
	series=$(lock_get "$name" series)
	[ -n "$locked" ] || die "build/deps.lock has no source $name"
	take "$name" "$locked" "$(lock_get "$name" pool)" \
	    < <(lock_get "$name" file) && return 0
	[ "${STRICT:-0}" != 1 ] || die "$name $locked, as locked, is on no" \
	    "mirror of this machine, and STRICT=1 refuses another"
	kept=("${SRC_FILES[@]}")
	kept_sums=("${SRC_SUMS[@]}") kept_note=$SRC_NOTE
	index_update
	# The same upstream version first, then the same series.
	local pass
	for pass in same series; do
		while read -r version pool rest; do
			if [ $pass = same ]; then
				[ "$(upstream "$version")" = "$(upstream "$locked")" ] || continue
			else
				in_series "$version" "$series" || continue
			fi
			# shellcheck disable=SC2086
			take "$name" "$version" "$pool" \
			    < <(pick_files "$name" $rest) || continue
			warn_substitute "$name" "$locked" "$version"
			return 0
		done < <(offers "$name")
		# Upstream's source of the locked version is nearer than
		# another version with patches.
		if [ $pass = same ] && [ ${#kept[@]} -gt 0 ]; then
			SRC_VERSION=$(upstream "$locked") SRC_FILES=("${kept[@]}")
			SRC_SUMS=("${kept_sums[@]}") SRC_NOTE=$kept_note
			warn_substitute "$name" "$locked" \
			    "upstream's source ${SRC_VERSION} $kept_note"
			say "*** Debian's security patches for it are MISSING."
			return 0
		fi
	done
	die "$name: neither $locked nor another $series version can be had" \
	    "from a mirror of this machine"
}

# source_unpack NAME DIR: after source_get; patched with Debian's, then ours.
source_unpack() {
	local name=$1 dir=$2 deb=${SRC_FILES[1]:-} want patch
	want=$(lock_get "$name" patches)
	mkdir -p "$dir"
	tar -xf "${SRC_FILES[0]}" -C "$dir" --no-same-owner
	# One folder inside, as most have, is taken for the root.
	set -- "$dir"/*
	if [ $# = 1 ] && [ -d "$1" ]; then
		mv "$1" "$dir.in" && rmdir "$dir" && mv "$dir.in" "$dir"
	fi
	if [ -n "$deb" ] && [ "$want" != none ]; then
		mkdir "$dir.deb"
		tar -xf "$deb" -C "$dir.deb" --no-same-owner
		while read -r patch _; do
			case $patch in '' | '#'*) continue ;; esac
			printf '%s\n' "$patch" | grep -qE "$want" || continue
			echo "applying $patch"
			patch -d "$dir" -p1 -s -f <"$dir.deb/debian/patches/$patch" ||
				return 1
		done < <(cat "$dir.deb/debian/patches/series" 2>/dev/null)
		rm -rf "$dir.deb"
	fi
	for patch in "$ROOT/build/patches/$name"/*.patch; do
		[ -e "$patch" ] || continue
		echo "applying ${patch##*/}"
		patch -d "$dir" -p1 -F0 -f -s <"$patch" || return 1
	done
	find "$dir" -name '*.orig' -type f -delete
}
