// The dimensions of a layer's maps and weights.
#pragma once

#include "base/description.h"
#include "base/dnnl_compat.h"

namespace alexnet {

inline Dims mapDims(int64_t count, const Shape& shape) {
  return {count, shape.channels, shape.height, shape.width};
}

inline bool isVector(const Shape& shape) {
  return shape.height == 1 && shape.width == 1;
}

// (O, C/groups, kh, kw), with groups first where there are several; (O, C, H, W) or (O, I) for a
// dense layer.
inline Dims weightDims(const LayerDescription& layer) {
  const int64_t outputs = layer.output.channels, channels = layer.input.channels,
                groups = layer.groups;
  if (layer.type == LayerType::dense) {
    if (isVector(layer.input)) return {outputs, channels};
    return {outputs, channels, layer.input.height, layer.input.width};
  }
  if (groups == 1) return {outputs, channels, layer.kernel[0], layer.kernel[1]};
  return {groups, outputs / groups, channels / groups, layer.kernel[0], layer.kernel[1]};
}

}  // namespace alexnet
