// A dense layer for a few images: a matrix read once, row by row, at the speed of memory.
#pragma once

#include <cstdint>

#include "base/number.h"

namespace alexnet {

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
