// Max-pooling by our own loops: oneDNN's on AVX2 take five times as long.
#pragma once

#include "base/layout.h"

namespace alexnet {

struct PoolWindow {
  int64_t kernel[2], stride[2], before[2];
};

// Where a window's maximum stood is a byte.
constexpr int64_t maximumPoolCells = 255;

// `in` and `out` are of one layout and differ in height and width. Of equal numbers the first
// counts. places, as many as numbers in `out`, gets the maxima's places in their windows; null
// where nobody wants them.
template <class T>
void maxPool(const PoolWindow& window, const Layout& in, const Layout& out, const T* from, T* to,
             uint8_t* places);
template <class T>
void maxPoolBackward(const PoolWindow& window, const Layout& in, const Layout& out,
                     const T* gradient, const uint8_t* places, T* below);

}  // namespace alexnet
