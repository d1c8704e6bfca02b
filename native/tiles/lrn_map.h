// LRN inside each map, for every layout.
#pragma once

#include "base/description.h"
#include "base/layout.h"

namespace alexnet {

template <class T>
void lrnMap(const LayerDescription& layer, const Layout& layout, const T* in, T* out);
template <class T>
void lrnMapBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                    const T* gradient, T* below);

}  // namespace alexnet
