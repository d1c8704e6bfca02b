// Convolution, bias and, where nobody wants to see what comes before it, ReLU.
// (N, C, H, W) ∗ (K, C/groups, kh, kw) + (K) → (N, K, Y, X)
#include <algorithm>

#include "layers/learned.h"
#include "layers/tiled.h"
#include "tiles/tiled_convolution.h"

namespace alexnet {

namespace {

constexpr auto direct = dnnl::algorithm::convolution_direct;

struct Convolution {
  using Forward = dnnl::convolution_forward;
  using BackwardData = dnnl::convolution_backward_data;
  using BackwardWeights = dnnl::convolution_backward_weights;

  Chain& chain;
  const LayerDescription& layer;
  DataType outputType;
  bool relu;
  Desc src, dst, bias;
  Dims weights, stride, before, after;

  Convolution(Chain& chain, int index, int64_t images)
      : chain(chain),
        layer(chain.layer(index)),
        outputType(chain.numbers()),
        relu(chain.fusesRelu(index)),
        src(mapDims(images, layer.input), chain.numbers(), Tag::any),
        dst(mapDims(images, layer.output), chain.numbers(), Tag::any),
        bias(Dims{layer.output.channels}, DataType::f32, Tag::x),
        weights(weightDims(layer)),
        stride{layer.stride[0], layer.stride[1]},
        before{layer.before[0], layer.before[1]},
        // Negative means cells that no window reaches; oneDNN rounds down and leaves them alone by
        // itself.
        after{std::max<int64_t>(0, layer.after[0]), std::max<int64_t>(0, layer.after[1])} {}

  Forward::primitive_desc forward(const std::optional<Desc>& chosen) const {
    const auto kind = chain.hasBackward() ? dnnl::prop_kind::forward_training
                                          : dnnl::prop_kind::forward_inference;
    return describeFor(chosen, Desc(weights, chain.numbers(), Tag::any), [&](const Desc& desc) {
      return describe<Forward>(chain.shared.engine, chain.attributes(relu), kind, direct, src, desc,
                               bias, dst, stride, before, after);
    });
  }

  BackwardWeights::primitive_desc backwardWeights(const Forward::primitive_desc& hint,
                                                  const std::optional<Desc>& chosen) const {
    return describeFor(chosen, Desc(weights, DataType::f32, Tag::any), [&](const Desc& desc) {
      return describeBackward<BackwardWeights>(chain.shared.engine, chain.attributes(), hint,
                                               direct, src, desc, bias, dst, stride, before, after);
    });
  }

  BackwardData::primitive_desc backwardData(const Forward::primitive_desc& hint,
                                            const std::optional<Desc>& chosen) const {
    const Desc desc = chosen.value_or(Desc(weights, chain.numbers(), Tag::any));
    return describeBackward<BackwardData>(chain.shared.engine, chain.attributes(), hint, direct,
                                          src, desc, dst, stride, before, after);
  }
};

}  // namespace

void buildConvolution(Chain& chain, int index) {
  const Convolution kind(chain, index, chain.count);
  if (const auto tiled = chain.shared.description.bf16
                             ? std::nullopt
                             : TiledConvolution::of(chain.layer(index), chain.count)) {
    buildTiled(chain, index, kind, *tiled);
  } else {
    buildLearned(chain, index, kind);
  }
}

}  // namespace alexnet
