// What convolution and dense layer share, whose primitives differ in their descriptions only:
// there, gradients of the parameters, back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "parameter_gradients.h"

namespace alexnet {

// The primitive that `make` describes for weights in the layout already chosen for them or, where
// oneDNN has only its slow reference code for that, for weights as it likes them.
template <class Make>
auto describeFor(const std::optional<Desc>& chosen, const Desc& any, const Make& make) {
  if (chosen) {
    try {
      auto found = make(*chosen);
      if (!isReference(found)) return found;
    } catch (const dnnl::error&) {
      // not in this layout
    }
  }
  return make(any);
}

// The primitive that `make(layout)` describes for weights where they lie, if oneDNN uses the same
// implementation for that as for the layout it likes: then nothing is gained by copying them into
// that one before every use.
template <class Make>
auto describeWhereTheyLie(const Desc& storage, const Make& make) {
  auto liked = make(std::nullopt);
  try {
    auto found = make(storage);
    if (std::string(found.impl_info_str()) == liked.impl_info_str()) return found;
  } catch (const dnnl::error&) {
    // not in this layout
  }
  return liked;
}

// A slot's own description is always 4-D; a primitive may see the same memory as vectors.
inline Desc slotDesc(const Desc& wanted, const Dims& dims, DataType type) {
  return rankOf(wanted) == 4 ? wanted : Desc(dims, type, Tag::nchw);
}

inline dnnl::memory view(const Slot* slot, const Desc& desc, const dnnl::engine& engine) {
  return rankOf(desc) == 4 ? slot->memory
                           : dnnl::memory(desc, engine, slot->memory.get_data_handle());
}

// The way back through the layer by oneDNN's primitive, as Kind describes it for `forward`.
template <class Kind>
void buildBackData(Chain& chain, int index, const Kind& kind,
                   const typename Kind::Forward::primitive_desc& forward) {
  Weights& weights = chain.weights(index);
  const auto data =
      chain.shared.description.bf16
          ? kind.backwardData(forward, std::nullopt)
          : describeWhereTheyLie(weights.storage(), [&](const std::optional<Desc>& desc) {
              return kind.backwardData(forward, desc);
            });
  const DataType type = chain.numbers();
  const int now = chain.timeBack(index);
  auto& back = chain.back(index);
  Slot* gradient =
      chain.as(chain.gradient(index), slotDesc(data.diff_dst_desc(), chain.outputDims(index), type),
               type, now, now, back);
  Slot* below = chain.gradient(index - 1) = chain.gradientSlot(
      index - 1, slotDesc(data.diff_src_desc(), chain.inputDims(index), type), type);
  back.push_back([&chain, &weights, data, copy = weights.copy(data.weights_desc()), gradient, below,
                  primitive = typename Kind::BackwardData(data)] {
    Shared& shared = chain.shared;
    primitive.execute(shared.stream,
                      {{DNNL_ARG_DIFF_DST, view(gradient, data.diff_dst_desc(), shared.engine)},
                       {DNNL_ARG_WEIGHTS, weights.fresh(copy, shared.stream)},
                       {DNNL_ARG_DIFF_SRC, view(below, data.diff_src_desc(), shared.engine)},
                       {DNNL_ARG_SCRATCHPAD, chain.scratchpad(data.scratchpad_desc())}});
  });
}

// Kind: the types Forward, BackwardData, BackwardWeights and how to describe each; `outputType` is
// that of its output.
template <class Kind>
void buildLearned(Chain& chain, int index, const Kind& kind) {
  Weights& weights = chain.weights(index);
  Weights& bias = chain.weights(index, 1);
  Shared& shared = chain.shared;
  const DataType type = chain.numbers();
  const bool trained = chain.training() && !chain.layer(index).frozen;

  auto forward = kind.forward(weights.forwardLayout);
  std::optional<typename Kind::BackwardWeights::primitive_desc> learning;
  if (trained)
    learning = kind.backwardWeights(
        forward, weights.settled() ? std::optional(weights.storage()) : std::nullopt);
  const bool asForward = !shared.description.bf16;
  if (!weights.settled()) {
    if (learning && asForward)
      forward =
          describeWhereTheyLie(learning->diff_weights_desc(),
                               [&](const std::optional<Desc>& desc) { return kind.forward(desc); });
    weights.forwardLayout = forward.weights_desc();
    weights.settle(trained     ? learning->diff_weights_desc()
                   : asForward ? forward.weights_desc()
                               : weights.canonical(),
                   trained);
    bias.settle(forward.bias_desc(), trained);
  }

  auto& there = chain.there(index);
  Slot* input = chain.as(chain.activation(index - 1),
                         slotDesc(forward.src_desc(), chain.inputDims(index), type), type,
                         trained ? 0 : index, trained ? forever : index, there);
  Slot* output = chain.activation(index) =
      chain.output(index, slotDesc(forward.dst_desc(), chain.outputDims(index), kind.outputType),
                   kind.outputType);
  Weights::Copy* copy = weights.copy(forward.weights_desc());
  there.push_back([&chain, &shared, &weights, &bias, forward, copy, input, output,
                   primitive = typename Kind::Forward(forward)] {
    primitive.execute(shared.stream,
                      {{DNNL_ARG_SRC, view(input, forward.src_desc(), shared.engine)},
                       {DNNL_ARG_WEIGHTS, weights.fresh(copy, shared.stream)},
                       {DNNL_ARG_BIAS, bias.value()},
                       {DNNL_ARG_DST, view(output, forward.dst_desc(), shared.engine)},
                       {DNNL_ARG_SCRATCHPAD, chain.scratchpad(forward.scratchpad_desc())}});
  });
  if (!chain.hasWayBack()) return;

  chain.buildBack(index) = [=, &chain, &shared, &weights, &bias] {
    if (learning) {
      const int now = chain.timeBack(index);
      auto& learn = chain.learn(index);
      Slot* source = chain.as(input, slotDesc(learning->src_desc(), chain.inputDims(index), type),
                              type, now, now, learn);
      Slot* gradient = chain.as(chain.gradient(index),
                                slotDesc(learning->diff_dst_desc(), chain.outputDims(index), type),
                                type, now, now, learn);
      ParameterGradients targets(chain, weights, learning->diff_weights_desc(), bias,
                                 learning->diff_bias_desc());
      learn.push_back([&chain, &shared, learning, source, gradient, targets,
                       primitive = typename Kind::BackwardWeights(*learning)]() mutable {
        std::unordered_map<int, dnnl::memory> arguments = {
            {DNNL_ARG_SRC, view(source, learning->src_desc(), shared.engine)},
            {DNNL_ARG_DIFF_DST, view(gradient, learning->diff_dst_desc(), shared.engine)},
            {DNNL_ARG_SCRATCHPAD, chain.scratchpad(learning->scratchpad_desc())}};
        targets.begin(arguments);
        primitive.execute(shared.stream, arguments);
        targets.finish();
      });
    }
    buildBackData(chain, index, kind, forward);
  };
}

}  // namespace alexnet
