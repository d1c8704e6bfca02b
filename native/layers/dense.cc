// Dense layer, bias and, where nobody wants to see what comes before it, ReLU: (N, I) · (O, I)ᵀ +
// (O) → (N, O). Maps come in as (N, C, H, W) and are read channels first: i = c·H·W + y·W + x.
#include "layers/learned.h"
#include "layers/tiled.h"
#include "tiles/dense_rows.h"
#include "tiles/tiled_dense.h"

namespace alexnet {

namespace {

// Logits stay f32 for the softmax, which may stand in a part of its own.
DataType outputTypeOf(const Chain& chain, int index) {
  const bool logits = chain.isLast(index) || chain.layer(index + 1).type == LayerType::softmax;
  return logits ? DataType::f32 : chain.numbers();
}

struct Dense {
  using Forward = dnnl::inner_product_forward;
  using BackwardData = dnnl::inner_product_backward_data;
  using BackwardWeights = dnnl::inner_product_backward_weights;

  Chain& chain;
  const LayerDescription& layer;
  DataType outputType;
  bool relu;
  bool vectors;
  Desc src, bias;
  Dims weights, dst;

  Dense(Chain& chain, int index, int64_t images)
      : chain(chain),
        layer(chain.layer(index)),
        outputType(outputTypeOf(chain, index)),
        relu(chain.fusesRelu(index)),
        vectors(isVector(layer.input)),
        src(vectors ? Desc(Dims{images, layer.input.channels}, chain.numbers(), Tag::nc)
                    : Desc(mapDims(images, layer.input), chain.numbers(), Tag::any)),
        bias(Dims{layer.output.channels}, DataType::f32, Tag::x),
        weights(weightDims(layer)),
        dst{images, layer.output.channels} {}

  Forward::primitive_desc forward(const std::optional<Desc>& chosen) const {
    const auto kind = chain.hasBackward() ? dnnl::prop_kind::forward_training
                                          : dnnl::prop_kind::forward_inference;
    return describeFor(chosen, Desc(weights, chain.numbers(), Tag::any), [&](const Desc& desc) {
      return describe<Forward>(chain.shared.engine, chain.attributes(relu), kind, src, desc, bias,
                               Desc(dst, outputType, Tag::nc));
    });
  }

  BackwardWeights::primitive_desc backwardWeights(const Forward::primitive_desc& hint,
                                                  const std::optional<Desc>& chosen) const {
    return describeFor(chosen, Desc(weights, DataType::f32, Tag::any), [&](const Desc& desc) {
      return describeBackward<BackwardWeights>(chain.shared.engine, chain.attributes(), hint, src,
                                               desc, bias, Desc(dst, chain.numbers(), Tag::nc));
    });
  }

  BackwardData::primitive_desc backwardData(const Forward::primitive_desc& hint,
                                            const std::optional<Desc>& chosen) const {
    const Desc desc = chosen.value_or(Desc(weights, chain.numbers(), Tag::any));
    return describeBackward<BackwardData>(chain.shared.engine, chain.attributes(), hint, src, desc,
                                          Desc(dst, chain.numbers(), Tag::nc));
  }
};

// For so few images a dense layer is one reading of its weights: plain rows and our own loop stream
// them.
constexpr int64_t maximumStreamed = 4;

void buildStreamed(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  Weights& weights = chain.weights(index);
  Weights& bias = chain.weights(index, 1);
  if (!weights.settled()) {
    weights.settle(weights.canonical(), false);
    bias.settle(bias.canonical(), false);
  }
  auto& work = chain.forwardWork(index);
  Slot* input = chain.asPlain(chain.activation(index - 1), DataType::f32, at(index), work);
  Slot* output = chain.activation(index) =
      chain.output(index, Desc(chain.outputDims(index), DataType::f32, Tag::nchw), DataType::f32);
  const Tag rows = rankOf(weights.canonical()) == 2 ? Tag::oi : Tag::oihw;
  Weights::Copy* copy = weights.copy(Desc(weightDims(layer), chain.numbers(), rows));
  const DenseSizes sizes{.images = chain.count,
                         .inputs = layer.input.volume(),
                         .outputs = layer.output.channels,
                         .relu = chain.fusesRelu(index)};
  work.push_back([&chain, &weights, &bias, copy, input, output, sizes] {
    const dnnl::memory& fresh = weights.fresh(copy, chain.shared.stream);
    chain.shared.stream.wait();
    if (chain.shared.description.bf16) {
      denseRows(sizes, input->numbers<float>(),
                static_cast<const BFloat16*>(fresh.get_data_handle()), bias.values(Part::value),
                output->numbers<float>());
    } else {
      denseRows(sizes, input->numbers<float>(), static_cast<const float*>(fresh.get_data_handle()),
                bias.values(Part::value), output->numbers<float>());
    }
  });
}

}  // namespace

void buildDense(Chain& chain, int index) {
  const SessionDescription& session = chain.shared.description;
  if (session.mode == Mode::inference && session.batch <= maximumStreamed) {
    buildStreamed(chain, index);
  } else if (const auto tiled =
                 session.bf16 ? std::nullopt : TiledDense::of(chain.layer(index), chain.count)) {
    buildTiled(chain, index, Dense(chain, index, chain.count), *tiled);
  } else {
    buildLearned(chain, index, Dense(chain, index, chain.count));
  }
}

}  // namespace alexnet
