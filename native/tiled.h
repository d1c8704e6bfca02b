// A layer with parameters computed by our own loops over tiles: TiledConvolution, TiledDense.
#pragma once

#include <memory>
#include <unordered_map>

#include "learned.h"

namespace alexnet {

// Where the loops know no way back (`tiled.hasBack()`), oneDNN's primitive goes it as `kind`
// describes it.
template <class Kind, class Tiled>
void buildTiled(Chain& chain, int index, const Kind& kind, const Tiled& loops) {
  const auto tiled = std::make_shared<const Tiled>(loops);
  Weights& weights = chain.weights(index);
  Weights& bias = chain.weights(index, 1);
  const bool trained = chain.training() && !chain.layer(index).frozen,
             relu = chain.fusesRelu(index);
  if (!weights.settled()) {
    weights.forwardLayout = tiled->weights();
    weights.settle(tiled->weights(), trained);
    bias.settle(bias.canonical(), trained);
  }
  const auto scratch = [&chain, numbers = tiled->scratch(chain.shared.description.threads)] {
    return static_cast<float*>(chain.shared.reserve(chain.shared.scratchpad,
                                                    static_cast<size_t>(numbers) * sizeof(float)));
  };
  const auto values = [&chain, &weights, copy = weights.copy(tiled->weights())] {
    const auto* fresh =
        static_cast<const float*>(weights.fresh(copy, chain.shared.stream).get_data_handle());
    chain.shared.stream.wait();
    return fresh;
  };

  auto& there = chain.there(index);
  Slot* input = chain.as(chain.activation(index - 1), tiled->source(), DataType::f32,
                         trained ? 0 : index, trained ? forever : index, there);
  Slot* output = chain.activation(index) = chain.output(index, tiled->output(), DataType::f32);
  there.push_back([=, &bias] {
    tiled->forward(input->numbers<float>(), values(), bias.values(Part::value),
                   output->numbers<float>(), relu, scratch());
  });
  if (!chain.hasWayBack()) return;

  chain.buildBack(index) = [=, &chain, &weights, &bias] {
    const int now = chain.timeBack(index);
    const auto gradientFor = [&](std::vector<Work>& work) {
      return chain.as(chain.gradient(index), tiled->output(), DataType::f32, now, now, work);
    };
    if (trained) {
      auto& learn = chain.learn(index);
      Slot* gradient = gradientFor(learn);
      ParameterGradients targets(chain, weights, tiled->weights(), bias, bias.canonical());
      learn.push_back([=]() mutable {
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
    if (!tiled->hasBack()) return buildBackData(chain, index, kind, kind.forward(std::nullopt));
    auto& back = chain.back(index);
    Slot* gradient = gradientFor(back);
    Slot* below = chain.gradient(index - 1) =
        chain.gradientSlot(index - 1, tiled->source(), DataType::f32);
    back.push_back([=] {
      tiled->back(gradient->numbers<float>(), values(), below->numbers<float>(), scratch());
    });
  };
}

}  // namespace alexnet
