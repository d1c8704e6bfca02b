// What LRN's loops for any layout share: powers, sums over windows as sums of shifted rows, pieces
// of work.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/description.h"

namespace alexnet {

// Calls use(i, D, D^−β) with D = k + α·sums[i]; by square roots for the β that everybody uses.
template <class Use>
inline void eachPower(int64_t count, const LayerDescription& layer, const float* sums,
                      const Use& use) {
  const float k = layer.k, alpha = layer.alpha, beta = layer.beta;
  if (beta == 0.75f) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
      const float d = k + alpha * sums[i], root = std::sqrt(d);
      use(i, d, 1.0f / (root * std::sqrt(root)));
    }
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    const float d = k + alpha * sums[i];
    use(i, d, std::exp(-beta * std::log(d)));
  }
}

inline std::vector<float> zeros(int64_t count) {
  return std::vector<float>(static_cast<size_t>(count));
}

// out[i] = Σ from[i + d·step], d = 0 … last
inline void sumShifted(const float* from, int64_t count, int64_t step, int64_t last, float* out) {
  if (last == 4) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
      out[i] =
          from[i] + from[i + step] + from[i + 2 * step] + from[i + 3 * step] + from[i + 4 * step];
    return;
  }
  std::copy_n(from, count, out);
  for (int64_t d = 1; d <= last; d++) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) out[i] += from[i + d * step];
  }
}

// Calls body(scratch, …) for every piece of work of a layer, in parallel; each thread makes its own
// scratch once.
template <class MakeScratch, class Body>
void eachPiece(int64_t pieces, const MakeScratch& makeScratch, const Body& body) {
#pragma omp parallel
  {
    auto scratch = makeScratch();
#pragma omp for schedule(static)
    for (int64_t piece = 0; piece < pieces; piece++) body(scratch, piece);
  }
}

}  // namespace alexnet
