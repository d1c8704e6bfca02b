// Local response normalisation, across channels or inside each map: (N, C, H, W) → (N, C, H, W).
#include "tiles/lrn.h"

#include "layers/chain.h"

namespace alexnet {

void buildLrn(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  const bool lasting = chain.hasBackward();
  Slot* input = chain.asKnown(chain.activation(index - 1), lasting ? always : at(index),
                              chain.forwardWork(index));
  Slot* output = chain.activation(index) = chain.output(index, input->desc, input->type);
  const Layout layout = input->layout().value();
  chain.forwardWork(index).push_back([&layer, layout, input, output] {
    withNumbers(layout, [&](auto number) {
      using T = decltype(number);
      lrnLoops<T>(layer, layout).forward(layer, layout, input->numbers<T>(), output->numbers<T>());
    });
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, &layer, index, layout, input] {
    const int now = chain.backwardTime(index);
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.as(chain.gradient(index), input->desc, input->type, at(now), work);
    Slot* below = chain.gradient(index - 1) =
        chain.gradientSlot(index - 1, input->desc, input->type);
    work.push_back([&layer, layout, input, gradient, below] {
      withNumbers(layout, [&](auto number) {
        using T = decltype(number);
        lrnLoops<T>(layer, layout)
            .backward(layer, layout, input->numbers<T>(), gradient->numbers<T>(),
                      below->numbers<T>());
      });
    });
  };
}

}  // namespace alexnet
