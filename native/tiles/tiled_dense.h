// A dense layer by our own loops over tiles in registers, for CPUs with AVX2 and no more (figures
// in docs/performance.md).
#pragma once

#include <optional>

#include "base/description.h"
#include "base/layout.h"
#include "tiles/tile.h"

namespace alexnet {

class TiledDense {
 public:
  // None where inputs or outputs do not come in eights, or where oneDNN is faster.
  static std::optional<TiledDense> of(const LayerDescription& layer, int64_t images);

  // How the maps and weights lie.
  Desc source() const;
  Desc output() const;
  Desc weights() const;
  bool hasBackward() const { return true; }

  // The loops' memory, in numbers.
  int64_t scratch(int threads) const;

  void forward(const float* source, const float* weights, const float* bias, float* output,
               bool relu, float* scratch) const;
  void backward(const float* gradient, const float* weights, float* below, float* scratch) const;
  // Overwrites weights and bias.
  void gradients(const float* source, const float* gradient, float* weights, float* bias,
                 float* scratch) const;

 private:
  TiledDense(const LayerDescription& layer, int64_t images)
      : layer_(layer),
        images_(images),
        inputs_(layer.input.volume()),
        outputs_(layer.output.channels) {}

  LayerDescription layer_;
  int64_t images_, inputs_, outputs_;
};

}  // namespace alexnet
