# flags.sh: how every dependency is compiled. Part of each component's key.
# PIE: the image is linked with -pie, local binding and no PLT. A section per
# function lets the link drop what nobody calls.
OPT_FLAGS="-O2 -g0 -fPIE -fno-plt -ffunction-sections -fdata-sections"
OPT_FLAGS="$OPT_FLAGS -fstack-protector-strong"

# No path of this machine in the bytes: not the checkout's, the cache's or the
# temporary one's. Given to the wrapper by environment so that no package
# records the flag itself. Where two maps fit, gcc takes the later.
GREENCORN_GCC_FLAGS="-ffile-prefix-map=$ROOT=/greencorn"
GREENCORN_GCC_FLAGS="$GREENCORN_GCC_FLAGS -ffile-prefix-map=${PREFIX%/*}=/deps"
GREENCORN_GCC_FLAGS="$GREENCORN_GCC_FLAGS -ffile-prefix-map=$WORK=/build"
export GREENCORN_GCC_FLAGS

if [ "$HOSTED" ]; then
	TARGET=$(gcc -dumpmachine)
	CC=gcc
	OPT_FLAGS="-O1 -g -fPIC -fno-omit-frame-pointer $GREENCORN_GCC_FLAGS"
else
	TARGET=$ARCH-linux-musl
	CC=$TARGET-gcc
	PATH=${DEP_MUSL:-/nonexistent}/bin:$PATH
fi
export CC CFLAGS=$OPT_FLAGS AR=ar RANLIB=ranlib PATH
# Archives without dates and owners.
export ARFLAGS=Drcs

merge() { # merge DIR NAME...: one tree of links to several dependencies
	local dir=$1 name
	shift
	mkdir -p "$dir"
	for name; do
		name=DEP_$name
		cp -rsf "${!name}/." "$dir/"
	done
}
