// LRN across channels, for every layout and number of towers.
#pragma once

#include "base/description.h"
#include "base/layout.h"

namespace alexnet {

template <class T>
void lrnChannels(const LayerDescription& layer, const Layout& layout, const T* in, T* out);
template <class T>
void lrnChannelsBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                         const T* gradient, T* below);

}  // namespace alexnet
