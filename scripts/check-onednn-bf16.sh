#!/bin/bash
# Runs the oneDNN engine's bf16 tests on a CPU that has no bf16: oneDNN asks one exported function
# whether the CPU has a type of number, and a library loaded before it answers yes. Then it takes
# its portable code, which is slow (about 100 times) but needs no such CPU. Only layouts differ from
# what a CPU with bf16 gets. The checkout must be built (`make build`).
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/bf16
mkdir -p "$out"
cat > "$out/yes.cc" <<'CODE'
#include <oneapi/dnnl/dnnl_types.h>
namespace dnnl::impl::cpu::platform {
bool has_data_type_support(dnnl_data_type_t) { return true; }
}
CODE
g++ -std=c++17 -shared -fPIC -o "$out/yes.so" "$out/yes.cc"
LD_PRELOAD="$PWD/$out/yes.so" ALEXNET_ONEDNN_REFERENCE=1 \
  node --test --test-reporter=spec dist/engine/onednn/bf16.test.js
