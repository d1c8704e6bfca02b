// max(x, 0); mostly it is part of the convolution or dense layer below it.
#include "layers/chain.h"

namespace alexnet {

namespace {

// From `in` to `out`, which may be the same.
template <class T>
void relu(const T* in, T* out, int64_t count) {
#pragma omp parallel for simd schedule(static) if (parallel : worthSharing(count))
  for (int64_t i = 0; i < count; i++) {
    const float x = toFloat(in[i]);
    store(out[i], x > 0 ? x : 0);
  }
}

// below = gradient where the rule lets it pass, else 0; `output` is the ReLU's. `gradient` and
// `below` may be the same.
template <class T>
void reluBackward(const T* output, const T* gradient, T* below, int64_t count, ReluRule rule) {
  const bool needsOutput = rule != ReluRule::deconvnet, needsGradient = rule != ReluRule::plain;
#pragma omp parallel for simd schedule(static) if (parallel : worthSharing(count))
  for (int64_t i = 0; i < count; i++) {
    const float g = toFloat(gradient[i]);
    const bool passes = (!needsOutput | (toFloat(output[i]) > 0)) & (!needsGradient | (g > 0));
    store(below[i], passes ? g : 0);
  }
}

}  // namespace

void buildRelu(Chain& chain, int index) {
  Slot* input = chain.activation(index - 1);
  const LayerType below = chain.layer(index - 1).type;
  const bool fused =
      (below == LayerType::convolution || below == LayerType::dense) && chain.fusesRelu(index - 1);
  // Also where it is fused: oneDNN may have chosen one of its rarer layouts for the layer below.
  input = chain.asKnown(input, at(index), chain.forwardWork(index));
  Slot* output = chain.activation(index) =
      fused ? chain.inPlace(index, input) : chain.inPlaceOrNew(index, input);
  const Layout layout = output->layout().value();
  if (!fused) {
    chain.forwardWork(index).push_back([input, output, layout] {
      withNumbers(layout, [&](auto number) {
        using T = decltype(number);
        relu(input->numbers<T>(), output->numbers<T>(), layout.elements());
      });
    });
  }
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, index, output, layout] {
    const int now = chain.backwardTime(index);
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.as(chain.gradient(index), output->desc, output->type, at(now), work);
    Slot* below = chain.gradient(index - 1) = chain.gradientInPlaceOrNew(index, gradient);
    work.push_back([&chain, output, gradient, below, layout] {
      withNumbers(layout, [&](auto number) {
        using T = decltype(number);
        reluBackward(output->numbers<T>(), gradient->numbers<T>(), below->numbers<T>(),
                     layout.elements(), chain.pass.rule);
      });
    });
  };
}

}  // namespace alexnet
