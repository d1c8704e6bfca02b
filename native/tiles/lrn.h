// Local response normalisation: b = a / (k + α Σ a²)^β, and backward, with D = k + α Σ a²,
//   dIn[j] = g[j]·D[j]^−β − 2αβ·a[j]·Σ_{i: j in window(i)} g[i]·a[i]·D[i]^(−β−1)
// Own loops, because oneDNN's know neither towers nor fast sums inside a map, and keep a workspace
// as large as the maps; computing D from `in` anew costs less than reading it.
#pragma once

#include "base/description.h"
#include "base/layout.h"

namespace alexnet {

// A layer's loops for maps of numbers T, all in one layout.
template <class T>
struct LrnLoops {
  void (*forward)(const LayerDescription& layer, const Layout& layout, const T* in, T* out);
  void (*backward)(const LayerDescription& layer, const Layout& layout, const T* in,
                   const T* gradient, T* below);
};

// The fastest that can do this layer in this layout.
template <class T>
LrnLoops<T> lrnLoops(const LayerDescription& layer, const Layout& layout);

}  // namespace alexnet
