// Dropout: masks are Philox words at the address that src/engine/engine.ts names (rule 4).
#include <memory>

#include "base/philox.h"
#include "layers/chain.h"

namespace alexnet {

namespace {

constexpr uint32_t purposeDropout = 2;  // src/random/philox.ts: purposes.dropout
constexpr int64_t chunk = 1 << 12;      // a multiple of 4: whole blocks of words

// out = in · factor where mask keeps; mask counts numbers channels first, whatever the layout. No
// mask: all are kept.
template <class T>
void applyMask(const Layout& layout, const uint8_t* mask, float factor, const T* in, T* out) {
  if (layout.block == 1) {
    const int64_t count = layout.elements();
#pragma omp parallel for simd schedule(static) if (parallel : worthSharing(count))
    for (int64_t i = 0; i < count; i++)
      store(out[i], mask == nullptr || mask[i] != 0 ? toFloat(in[i]) * factor : 0);
    return;
  }
  const int64_t places = layout.places(), block = layout.block, blocks = layout.blocks(),
                features = layout.channels * places;
#pragma omp parallel for collapse(2) schedule(static) if (worthSharing(layout.elements()))
  for (int64_t n = 0; n < layout.images; n++) {
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t lanes = std::min(block, layout.channels - b * block);
      for (int64_t place = 0; place < places; place++) {
        const int64_t at = ((n * blocks + b) * places + place) * block;
        for (int64_t lane = 0; lane < lanes; lane++) {
          const bool keep =
              mask == nullptr || mask[n * features + (b * block + lane) * places + place] != 0;
          store(out[at + lane], keep ? toFloat(in[at + lane]) * factor : 0);
        }
      }
    }
  }
}

// Fills mask (images, features) with 1 where Philox's word keeps, 0 where it drops.
void dropoutMask(const LayerDescription& layer, const Draw& draw, int64_t images, int64_t features,
                 uint8_t* mask) {
  const uint64_t from = draw.firstImage * static_cast<uint64_t>(features);
  const int64_t count = images * features;
  const PhiloxStream words(draw.seed, purposeDropout, layer.ordinal, draw.step);
  // The first chunk ends at a block's border, so that all others begin at one.
  const int64_t head = std::min<int64_t>(count, static_cast<int64_t>((4 - from % 4) % 4));
  words.keep(from, head, layer.threshold, mask);
  const int64_t chunks = (count - head + chunk - 1) / chunk;
#pragma omp parallel for schedule(static) if (worthSharing(count))
  for (int64_t c = 0; c < chunks; c++) {
    const int64_t start = head + c * chunk;
    words.keep(from + static_cast<uint64_t>(start), std::min(chunk, count - start), layer.threshold,
               mask + start);
  }
}

}  // namespace

void buildDropout(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  Slot* input = chain.asKnown(chain.activation(index - 1), at(index), chain.forwardWork(index));
  Slot* output = chain.activation(index) = chain.inPlaceOrNew(index, input);
  const int64_t features = layer.output.volume();
  const auto mask =
      std::make_shared<Buffer>(chain.training() ? static_cast<size_t>(chain.count * features) : 0);
  const auto apply = [&chain, &layer, mask](const Slot* from, const Slot* to) {
    const bool drops = chain.pass.draw.present;
    const double kept = 1 - layer.rate;
    double factor = 1;
    if (drops && layer.scaleInTraining) factor = 1 / kept;
    if (!drops && !layer.scaleInTraining) factor = kept;
    if (!drops && factor == 1 && from == to) return;
    const Layout layout = from->layout().value();
    withNumbers(layout, [&](auto number) {
      using T = decltype(number);
      applyMask(layout, drops ? static_cast<const uint8_t*>(mask->data()) : nullptr,
                static_cast<float>(factor), from->numbers<T>(), to->numbers<T>());
    });
  };
  chain.forwardWork(index).push_back([&chain, &layer, mask, features, input, output, apply] {
    if (chain.pass.draw.present)
      dropoutMask(layer, chain.pass.draw, chain.count, features,
                  static_cast<uint8_t*>(mask->data()));
    apply(input, output);
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, index, apply] {
    const int now = chain.backwardTime(index);
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.asKnown(chain.gradient(index), at(now), work);
    Slot* below = chain.gradient(index - 1) = chain.gradientInPlaceOrNew(index, gradient);
    work.push_back([gradient, below, apply] { apply(gradient, below); });
  };
}

}  // namespace alexnet
