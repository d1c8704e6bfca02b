// A layer with parameters computed by our own loops over tiles: TiledConvolution, TiledDense.
#pragma once

#include <memory>
#include <unordered_map>

#include "layers/learned.h"

namespace alexnet {

// The parameters as the loops read them, and the loops' memory.
template <class Tiled>
auto tiledValues(Chain& chain, int index, const Tiled& tiled) {
  Weights& weights = chain.weights(index);
  return [&chain, &weights, copy = weights.copy(tiled.weights())] {
    const auto* fresh =
        static_cast<const float*>(weights.fresh(copy, chain.shared.stream).get_data_handle());
    chain.shared.stream.wait();
    return fresh;
  };
}

template <class Tiled>
auto tiledScratch(Chain& chain, const Tiled& tiled) {
  return [&chain, numbers = tiled.scratch(chain.shared.description.threads)] {
    return static_cast<float*>(chain.shared.reserve(chain.shared.scratchpad,
                                                    static_cast<size_t>(numbers) * sizeof(float)));
  };
}

// The gradient of the layer's output as the loops read it.
template <class Tiled>
Slot* tiledGradient(Chain& chain, int index, const Tiled& tiled, std::vector<Work>& work) {
  return chain.as(chain.gradient(index), tiled.output(), DataType::f32,
                  at(chain.backwardTime(index)), work);
}

template <class Tiled>
void buildTiledGradients(Chain& chain, int index, Slot* input,
                         const std::shared_ptr<const Tiled>& tiled) {
  Weights& bias = chain.weights(index, 1);
  auto& work = chain.gradientWork(index);
  Slot* gradient = tiledGradient(chain, index, *tiled, work);
  ParameterGradients targets(chain, chain.weights(index), tiled->weights(), bias, bias.canonical());
  work.push_back([=, scratch = tiledScratch(chain, *tiled)]() mutable {
    std::unordered_map<int, dnnl::memory> found;
    targets.begin(found);
    const auto numbers = [&](int name) {
      return static_cast<float*>(found.at(name).get_data_handle());
    };
    tiled->gradients(input->numbers<float>(), gradient->numbers<float>(),
                     numbers(DNNL_ARG_DIFF_WEIGHTS), numbers(DNNL_ARG_DIFF_BIAS), scratch());
    targets.finish();
  });
}

template <class Tiled>
void buildTiledBackward(Chain& chain, int index, const std::shared_ptr<const Tiled>& tiled) {
  auto& work = chain.backwardWork(index);
  Slot* gradient = tiledGradient(chain, index, *tiled, work);
  Slot* below = chain.gradient(index - 1) =
      chain.gradientSlot(index - 1, tiled->source(), DataType::f32);
  work.push_back(
      [=, values = tiledValues(chain, index, *tiled), scratch = tiledScratch(chain, *tiled)] {
        tiled->backward(gradient->numbers<float>(), values(), below->numbers<float>(), scratch());
      });
}

// Where the loops know no backward (`tiled.hasBackward()`), oneDNN's primitive does it as `kind`
// describes it.
template <class Kind, class Tiled>
void buildTiled(Chain& chain, int index, const Kind& kind, const Tiled& loops) {
  const auto tiled = std::make_shared<const Tiled>(loops);
  Weights& weights = chain.weights(index);
  Weights& bias = chain.weights(index, 1);
  const bool trained = chain.trains(index), relu = chain.fusesRelu(index);
  if (!weights.settled()) {
    weights.forwardLayout = tiled->weights();
    weights.settle(tiled->weights(), trained);
    bias.settle(bias.canonical(), trained);
  }

  auto& work = chain.forwardWork(index);
  Slot* input = chain.as(chain.activation(index - 1), tiled->source(), DataType::f32,
                         trained ? always : at(index), work);
  Slot* output = chain.activation(index) = chain.output(index, tiled->output(), DataType::f32);
  work.push_back([=, &bias, values = tiledValues(chain, index, *tiled),
                  scratch = tiledScratch(chain, *tiled)] {
    tiled->forward(input->numbers<float>(), values(), bias.values(Part::value),
                   output->numbers<float>(), relu, scratch());
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [=, &chain] {
    if (trained) buildTiledGradients(chain, index, input, tiled);
    if (tiled->hasBackward()) {
      buildTiledBackward(chain, index, tiled);
    } else {
      buildBackwardData(chain, index, kind, kind.forward(std::nullopt));
    }
  };
}

}  // namespace alexnet
