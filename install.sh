#!/bin/sh
# Builds priorlab, installs the program and its kernelspec, and runs the start
# notebook. Needs Go; needs no root, no Python and no Jupyter. Safe to repeat.
#
#   ./install.sh            build, install, run the start notebook
#   ./install.sh --no-run   build and install only
#
# PRIORLAB_BIN   where the program goes (default: $HOME/.local/bin)
# PRIORLAB_OUT   where the executed notebook goes (default: dist/ in this folder)
set -eu

run=yes
for arg in "$@"; do
	case $arg in
	--no-run) run=no ;;
	-h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) echo "install.sh: unknown argument $arg; there is only --no-run" >&2; exit 2 ;;
	esac
done

fail() { echo "install.sh: $*" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"

want=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
command -v go >/dev/null 2>&1 || fail "Go is not on the PATH. Install Go $want or later from https://go.dev/dl and run this again."
have=$(go env GOVERSION 2>/dev/null | sed 's/^go\([0-9]*\.[0-9]*\).*/\1/')
[ -n "$have" ] || fail "\"go env GOVERSION\" says nothing; is $(command -v go) a Go toolchain of version $want or later?"
older=$(printf '%s\n%s\n' "$have" "$want" | sort -t. -k1,1n -k2,2n | head -n 1)
if [ "$older" != "$want" ]; then
	fail "this needs Go $want or later, and $(command -v go) is Go $have. Get a newer one from https://go.dev/dl."
fi

if [ -z "${PRIORLAB_BIN:-}" ]; then
	[ -n "${HOME:-}" ] || fail "HOME is not set; set it, or PRIORLAB_BIN to the folder for the program."
	PRIORLAB_BIN=$HOME/.local/bin
fi
mkdir -p "$PRIORLAB_BIN" || fail "cannot make the folder $PRIORLAB_BIN; set PRIORLAB_BIN to one you can write to."
bin=$(cd "$PRIORLAB_BIN" && pwd)/priorlab

echo "Building priorlab (the first time takes a few minutes) ..."
# "priorlab build" compiles notebooks against this folder.
CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X 'github.com/priorlab/priorlab/kernel/build.checkout=$here'" -o "$bin.new" ./kernel/cmd/priorlab
mv -f "$bin.new" "$bin"
echo "Installed $bin"
"$bin" install

if [ $run = yes ]; then
	out=${PRIORLAB_OUT:-$here/dist}
	mkdir -p "$out"
	echo
	echo "Running the start notebook ..."
	"$bin" run notebooks/00_start.ipynb -o "$out/00_start.ipynb" --html "$out/00_start.html"
	echo
	echo "Pictures:  open $out/00_start.html in a browser"
fi
cat <<EOF
Notebooks: jupyter lab notebooks/00_start.ipynb
           JupyterLab comes with: pip install jupyterlab ipywidgets
EOF
case ":$PATH:" in
*":$(dirname "$bin"):"*) ;;
*) echo "Note:      $(dirname "$bin") is not on your PATH; add it to type priorlab alone" ;;
esac
