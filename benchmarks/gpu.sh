#!/bin/bash
# All that needs a graphics card, the most telling first: tests, then measurements, each row written as soon as it is there.
#
#   OUT=results bash benchmarks/gpu.sh [SECONDS [tests|PART ...]]
#
# SECONDS is how long it may take in all (default 560); parts are those of benchmarks.diffusion. Where Foveate is not installed, wheels of what is missing are
# taken from the folder .whl, and weights of the restorer from .whl/weights.
set -u
out=${OUT:-build/gpu}
end=$((SECONDS + ${1:-560}))
shift $(($# > 0))
[ $# -gt 0 ] || set -- tests refocus codec canvas floor latency serving
site=$(mktemp -d)
checkpoints=${TMPDIR:-/tmp}/foveate-checkpoints # 9 GB, kept for the next run
mkdir -p "$out" "$checkpoints"

if compgen -G '.whl/*.whl' > /dev/null; then
    python3 -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$site" .whl/*.whl || exit 1
fi
if ! python3 -c 'from importlib.metadata import version; version("foveate")' 2> /dev/null; then
    mkdir -p "$site/foveate-0.dist-info"
    printf 'Metadata-Version: 2.1\nName: foveate\nVersion: 0\n' > "$site/foveate-0.dist-info/METADATA"
fi
if [ -d .whl/weights ]; then
    mkdir -p ~/.cache/foveate
    cp -r .whl/weights/. ~/.cache/foveate/
fi
export PYTHONPATH="$site:$PWD:$PWD/server:$PWD/shared:$PWD/tests${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 FOVEATE_TEST_CHECKPOINTS="$checkpoints"

left() { echo $((end - SECONDS)); }

for part in "$@"; do
    seconds=$(left)
    if [ "$seconds" -lt 20 ]; then
        echo "no time left for $part"
    elif [ "$part" = tests ]; then
        timeout "$((seconds / 2))" python3 -m pytest tests/gpu -m gpu -n0 -p no:cacheprovider -W default --timeout 150 \
            --durations=10 --tb=short --junitxml "$out/gpu-tests.xml" -o junit_family=xunit1 2>&1 | tee "$out/gpu-tests.txt"
    else
        [ "$seconds" -gt 90 ] && seconds=90
        python3 -m benchmarks.diffusion "$part" --limit "$seconds" --repeat 3 --checkpoints "$checkpoints" --out "$out"
    fi
done
rm -rf "$site"
