#include "tiles/elementwise.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace alexnet {

void addTo(float* to, const float* from, int64_t count) {
#pragma omp parallel for simd schedule(static) if (parallel : worthSharing(count))
  for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

// Infinite and NaN have an exponent of ones only; told by its bits, so that no compiler's idea of
// finite maths matters.
inline uint32_t unlikeNumber(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  return (word & 0x7f800000u) == 0x7f800000u;
}

bool updateParameters(float* w, float* v, const float* g, int64_t count,
                      const UpdateFactors& factors) {
  const float momentum = factors.momentum, decay = factors.decay, gradient = factors.gradient;
  uint32_t bad = 0;
#pragma omp parallel for simd schedule(static) \
    reduction(| : bad) if (parallel : worthSharing(count))
  for (int64_t i = 0; i < count; i++) {
    const float next = momentum * v[i] - decay * w[i] - gradient * g[i];
    v[i] = next;
    w[i] += next;
    bad |= unlikeNumber(w[i]);
  }
  return bad == 0;
}

bool allFinite(const float* values, int64_t count) {
  uint32_t bad = 0;
#pragma omp simd reduction(| : bad)
  for (int64_t i = 0; i < count; i++) bad |= unlikeNumber(values[i]);
  return bad == 0;
}

// Chunks of fixed length, each summed by itself and then in order.
double squareSum(const float* values, int64_t count) {
  constexpr int64_t chunk = 1 << 16;
  const int64_t chunks = (count + chunk - 1) / chunk;
  std::vector<double> sums(static_cast<size_t>(chunks));
#pragma omp parallel for schedule(static) if (worthSharing(count))
  for (int64_t c = 0; c < chunks; c++) {
    double sum = 0;
    const int64_t end = std::min(count, (c + 1) * chunk);
#pragma omp simd reduction(+ : sum)
    for (int64_t i = c * chunk; i < end; i++) sum += static_cast<double>(values[i]) * values[i];
    sums[static_cast<size_t>(c)] = sum;
  }
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

}  // namespace alexnet
