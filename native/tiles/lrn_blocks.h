// LRN across channels for blocked layouts whose blocks no tower cuts: what AlexNet's full widths
// have.
#pragma once

#include "base/description.h"
#include "base/layout.h"

namespace alexnet {

bool fitsLrnBlocks(const LayerDescription& layer, const Layout& layout);

template <class T>
void lrnBlocks(const LayerDescription& layer, const Layout& layout, const T* in, T* out);
template <class T>
void lrnBlocksBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                       const T* gradient, T* below);

}  // namespace alexnet
