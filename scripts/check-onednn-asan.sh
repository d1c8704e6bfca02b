#!/bin/bash
# Builds the oneDNN engine with AddressSanitizer and UndefinedBehaviorSanitizer and runs its own
# tests, its contract suite and PyTorch's numbers under them.
# The checkout must be built (`make build`). Takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/asan
mkdir -p "$out"
flags=(-std=c++20 -O1 -g -march=native -fno-math-errno -fopenmp -fPIC
  -fsanitize=address,undefined -fno-sanitize-recover=undefined
  -DNAPI_VERSION=8 -DNAPI_CPP_EXCEPTIONS
  -Inative -Inode_modules/node-addon-api -Inode_modules/node-api-headers/include)
export flags_line="${flags[*]}" out
rm -f "$out"/*.o
# layers/lrn.cc becomes layers-lrn.o.
(cd native && ls {base,tiles,layers,node}/*.cc) | xargs -P "$(nproc)" -I{} sh -c \
  'g++ $flags_line -c native/{} -o $out/$(echo {} | tr / - | sed s/cc$/o/)'
g++ -shared -fopenmp -fsanitize=address,undefined -o "$out/alexnet.node" "$out"/*.o -ldnnl
# Node itself leaks on purpose; and its own memory is not watched.
libraries="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)"
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
export ALEXNET_NATIVE="$PWD/$out/alexnet.node"
LD_PRELOAD="$libraries" scripts/test-onednn.sh
