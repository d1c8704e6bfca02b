// The gradient of a convolution's weights by our own loops, for CPUs with AVX2 and no more: there oneDNN's code for it reaches a third of the peak.
#pragma once

#include <optional>

#include "description.h"
#include "layout.h"

namespace alexnet {

class WeightGradient {
 public:
  // Of f32 maps and weights in these layouts; none where they are not those that AlexNet's widths bring, or where oneDNN knows better.
  static std::optional<WeightGradient> of(const LayerDescription& layer, int64_t images, const Desc& source, const Desc& gradient, const Desc& weights);

  // source (N, C, H, W), gradient (N, K, Y, X); overwrites weights and bias (K).
  void run(const float* source, const float* gradient, float* weights, float* bias) const;

 private:
  struct Task {
    int64_t group, block, blocks, unit;  // output blocks of a group, and input block or, of plain maps, channel
  };

  WeightGradient(const LayerDescription& layer, Layout in, Layout out);
  template <int blocks>
  void runTask(const Task& task, const float* source, const float* gradient, float* weights) const;
  void biasOf(const float* gradient, float* bias) const;

  const LayerDescription* layer_;
  Layout in_, out_;
  int64_t inBlocks_, outBlocks_;  // of a group
};

}  // namespace alexnet
