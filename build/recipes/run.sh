# run.sh: what scripts/build-deps starts for one component. A recipe finds its
# source in $SRC, and leaves include/ and lib/ in $STAGE, which becomes
# $PREFIX when all went well.
. "$ROOT/build/recipes/flags.sh"
. "$ROOT/build/recipes/$RECIPE.sh"
