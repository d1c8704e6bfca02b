// What convolution and dense layer share, whose primitives differ in their descriptions only:
// forward, gradients of the parameters, backward.
#pragma once

#include <omp.h>

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "layers/parameter_gradients.h"

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

// Backward through the layer by oneDNN's primitive, as Kind describes it for `forward`.
template <class Kind>
void buildBackwardData(Chain& chain, int index, const Kind& kind,
                       const typename Kind::Forward::primitive_desc& forward) {
  Weights& weights = chain.weights(index);
  const auto data =
      chain.shared.description.bf16
          ? kind.backwardData(forward, std::nullopt)
          : describeWhereTheyLie(weights.storage(), [&](const std::optional<Desc>& desc) {
              return kind.backwardData(forward, desc);
            });
  const DataType type = chain.numbers();
  const int now = chain.backwardTime(index);
  auto& work = chain.backwardWork(index);
  Slot* gradient =
      chain.as(chain.gradient(index), slotDesc(data.diff_dst_desc(), chain.outputDims(index), type),
               type, at(now), work);
  Slot* below = chain.gradient(index - 1) = chain.gradientSlot(
      index - 1, slotDesc(data.diff_src_desc(), chain.inputDims(index), type), type);
  work.push_back([&chain, &weights, data, copy = weights.copy(data.weights_desc()), gradient, below,
                  primitive = typename Kind::BackwardData(data)] {
    Shared& shared = chain.shared;
    primitive.execute(shared.stream,
                      {{DNNL_ARG_DIFF_DST, view(gradient, data.diff_dst_desc(), shared.engine)},
                       {DNNL_ARG_WEIGHTS, weights.fresh(copy, shared.stream)},
                       {DNNL_ARG_DIFF_SRC, view(below, data.diff_src_desc(), shared.engine)},
                       {DNNL_ARG_SCRATCHPAD, chain.scratchpad(data.scratchpad_desc())}});
  });
}

// How a layer is computed: its output, and where it is trained its parameters' gradients.
template <class Kind>
struct Chosen {
  typename Kind::Forward::primitive_desc forward;
  std::optional<typename Kind::BackwardWeights::primitive_desc> weightGradients;
};

// Whatever the batch and the number of threads, a trained weight lies as the gradients of so many
// images on so many threads like it best, so that the gradients of all sessions can be summed
// number by number. oneDNN 3 asks the number of threads too where a dense layer is small.
constexpr int64_t typicalBatch = 32;
constexpr int typicalThreads = 2;

// What is described meanwhile is described for so many threads.
class ThreadsMeanwhile {
 public:
  explicit ThreadsMeanwhile(int threads) { omp_set_num_threads(threads); }
  ~ThreadsMeanwhile() { omp_set_num_threads(before_); }
  ThreadsMeanwhile(const ThreadsMeanwhile&) = delete;
  ThreadsMeanwhile& operator=(const ThreadsMeanwhile&) = delete;

 private:
  const int before_ = omp_get_max_threads();
};

template <class Kind>
Desc trainedLayout(Chain& chain, int index) {
  const ThreadsMeanwhile meanwhile(typicalThreads);
  const Kind kind(chain, index, typicalBatch);
  return kind.backwardWeights(kind.forward(std::nullopt), std::nullopt).diff_weights_desc();
}

// Chooses the primitives and, where no chain of the session has done so, how the parameters lie.
template <class Kind>
Chosen<Kind> choose(Chain& chain, int index, const Kind& kind) {
  Weights& weights = chain.weights(index);
  const bool trained = chain.trains(index), asForward = !chain.shared.description.bf16;
  Chosen<Kind> chosen{.forward = kind.forward(weights.forwardLayout), .weightGradients = {}};
  std::optional<Desc> storage;
  if (weights.settled()) {
    storage = weights.storage();
  } else if (trained) {
    storage = trainedLayout<Kind>(chain, index);
  }
  if (trained) chosen.weightGradients = kind.backwardWeights(chosen.forward, storage);
  if (weights.settled()) return chosen;

  if (trained && asForward)
    chosen.forward = describeWhereTheyLie(
        *storage, [&](const std::optional<Desc>& desc) { return kind.forward(desc); });
  weights.forwardLayout = chosen.forward.weights_desc();
  if (!trained) storage = asForward ? chosen.forward.weights_desc() : weights.canonical();
  weights.settle(*storage, trained);
  chain.weights(index, 1).settle(chosen.forward.bias_desc(), trained);
  return chosen;
}

// The parameters' gradients by oneDNN's primitive, from `input`, what the forward primitive read.
template <class Kind>
void buildWeightGradients(Chain& chain, int index, Slot* input,
                          const typename Kind::BackwardWeights::primitive_desc& found) {
  Shared& shared = chain.shared;
  const DataType type = chain.numbers();
  const Life now = at(chain.backwardTime(index));
  auto& work = chain.gradientWork(index);
  Slot* source =
      chain.as(input, slotDesc(found.src_desc(), chain.inputDims(index), type), type, now, work);
  Slot* gradient =
      chain.as(chain.gradient(index),
               slotDesc(found.diff_dst_desc(), chain.outputDims(index), type), type, now, work);
  ParameterGradients targets(chain, chain.weights(index), found.diff_weights_desc(),
                             chain.weights(index, 1), found.diff_bias_desc());
  work.push_back([&chain, &shared, found, source, gradient, targets,
                  primitive = typename Kind::BackwardWeights(found)]() mutable {
    std::unordered_map<int, dnnl::memory> arguments = {
        {DNNL_ARG_SRC, view(source, found.src_desc(), shared.engine)},
        {DNNL_ARG_DIFF_DST, view(gradient, found.diff_dst_desc(), shared.engine)},
        {DNNL_ARG_SCRATCHPAD, chain.scratchpad(found.scratchpad_desc())}};
    targets.begin(arguments);
    primitive.execute(shared.stream, arguments);
    targets.finish();
  });
}

// Kind: the types Forward, BackwardData, BackwardWeights and how to describe each; `outputType` is
// that of its output.
template <class Kind>
void buildLearned(Chain& chain, int index, const Kind& kind) {
  Weights& weights = chain.weights(index);
  const Weights& bias = chain.weights(index, 1);
  const DataType type = chain.numbers();
  const Chosen<Kind> chosen = choose(chain, index, kind);
  const auto& forward = chosen.forward;

  auto& work = chain.forwardWork(index);
  Slot* input = chain.as(chain.activation(index - 1),
                         slotDesc(forward.src_desc(), chain.inputDims(index), type), type,
                         chain.trains(index) ? always : at(index), work);
  Slot* output = chain.activation(index) =
      chain.output(index, slotDesc(forward.dst_desc(), chain.outputDims(index), kind.outputType),
                   kind.outputType);
  work.push_back([&chain, &weights, &bias, forward, copy = weights.copy(forward.weights_desc()),
                  input, output, primitive = typename Kind::Forward(forward)] {
    Shared& shared = chain.shared;
    primitive.execute(shared.stream,
                      {{DNNL_ARG_SRC, view(input, forward.src_desc(), shared.engine)},
                       {DNNL_ARG_WEIGHTS, weights.fresh(copy, shared.stream)},
                       {DNNL_ARG_BIAS, bias.value()},
                       {DNNL_ARG_DST, view(output, forward.dst_desc(), shared.engine)},
                       {DNNL_ARG_SCRATCHPAD, chain.scratchpad(forward.scratchpad_desc())}});
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, index, input, kind, chosen] {
    if (chosen.weightGradients)
      buildWeightGradients<Kind>(chain, index, input, *chosen.weightGradients);
    buildBackwardData(chain, index, kind, chosen.forward);
  };
}

}  // namespace alexnet
