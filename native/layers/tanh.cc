// tanh(x), which the paper's Figure 1 holds ReLU against; backward from its output y: g·(1 − y²).
#include "layers/chain.h"

namespace alexnet {

namespace {

// `gradient` and `below` may be the same.
template <class T>
void tanhBackward(const T* output, const T* gradient, T* below, int64_t count) {
#pragma omp parallel for simd schedule(static) if (parallel : worthSharing(count))
  for (int64_t i = 0; i < count; i++) {
    const float y = toFloat(output[i]);
    store(below[i], toFloat(gradient[i]) * (1 - y * y));
  }
}

}  // namespace

void buildTanh(Chain& chain, int index) {
  Shared& shared = chain.shared;
  Slot* input = chain.asKnown(chain.activation(index - 1), at(index), chain.forwardWork(index));
  Slot* output = chain.activation(index) = chain.inPlaceOrNew(index, input);
  const auto forward = describeTanh(
      shared.engine, chain.attributes(),
      chain.hasBackward() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference,
      input->desc);
  chain.forwardWork(index).push_back(
      [&chain, &shared, forward, input, output, primitive = dnnl::eltwise_forward(forward)] {
        primitive.execute(shared.stream,
                          {{DNNL_ARG_SRC, input->memory},
                           {DNNL_ARG_DST, output->memory},
                           {DNNL_ARG_SCRATCHPAD, chain.scratchpad(forward.scratchpad_desc())}});
      });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, index, output] {
    const Life now = at(chain.backwardTime(index));
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.as(chain.gradient(index), output->desc, output->type, now, work);
    Slot* below = chain.gradient(index - 1) = chain.gradientInPlaceOrNew(index, gradient);
    const Layout layout = output->layout().value();
    work.push_back([output, gradient, below, layout] {
      withNumbers(layout, [&](auto number) {
        using T = decltype(number);
        tanhBackward(output->numbers<T>(), gradient->numbers<T>(), below->numbers<T>(),
                     layout.elements());
      });
    });
  };
}

}  // namespace alexnet
