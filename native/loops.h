// Our own loops: OpenMP over what is independent, vectorised inside. Sums run in a fixed order,
// whatever the number of threads.
#pragma once

#include <cstdint>

#include "number.h"

namespace alexnet {

// to += from
void addTo(float* to, const float* from, int64_t count);
// v ← μ v − rate·decay·w − rate·scale·g; w ← w + v. Returns whether every w is a finite number
// still.
bool updateParameters(float* w, float* v, const float* g, int64_t count, float momentum,
                      float rateDecay, float rateScale);
bool allFinite(const float* values, int64_t count);
double squareSum(const float* values, int64_t count);

struct DenseSizes {
  int64_t images, inputs, outputs;
  bool relu;
};

// out (images, outputs) = in (images, inputs) · weights (outputs, inputs)ᵀ + bias, at most 4
// images: each weight is read once.
template <class W>
void denseRows(const DenseSizes& sizes, const float* in, const W* weights, const float* bias,
               float* out);

}  // namespace alexnet
