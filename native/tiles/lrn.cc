#include "tiles/lrn.h"

#include "tiles/lrn_blocks.h"
#include "tiles/lrn_channels.h"
#include "tiles/lrn_map.h"

namespace alexnet {

template <class T>
LrnLoops<T> lrnLoops(const LayerDescription& layer, const Layout& layout) {
  if (!layer.acrossChannels) return {lrnMap<T>, lrnMapBackward<T>};
  if (fitsLrnBlocks(layer, layout)) return {lrnBlocks<T>, lrnBlocksBackward<T>};
  return {lrnChannels<T>, lrnChannelsBackward<T>};
}

template LrnLoops<float> lrnLoops(const LayerDescription&, const Layout&);
template LrnLoops<BFloat16> lrnLoops(const LayerDescription&, const Layout&);

}  // namespace alexnet
