// Adaptive average pooling, PyTorch's regions: rows ⌊i·h/o⌋ up to ⌈(i+1)·h/o⌉, columns likewise.
// (N, C, H, W) → (N, C, Y, X)
#include "layers/chain.h"

namespace alexnet {

namespace {

struct Span {
  int64_t start, end;
};

Span region(int64_t i, int64_t outputs, int64_t cells) {
  return {i * cells / outputs, ((i + 1) * cells + outputs - 1) / outputs};
}

// Calls use(base of one map of `block` lanes in the input, the same in the output) in parallel.
template <class Use>
void eachMap(const Layout& in, const Layout& out, const Use& use) {
  const int64_t maps = in.images * in.blocks();
#pragma omp parallel for schedule(static) if (worthSharing(in.elements()))
  for (int64_t map = 0; map < maps; map++)
    use(map * in.places() * in.block, map * out.places() * out.block);
}

// Calls use(place of the output, place of a cell it averages, number of cells).
template <class Use>
void eachCell(const Layout& in, const Layout& out, const Use& use) {
  for (int64_t i = 0; i < out.height; i++) {
    const Span rows = region(i, out.height, in.height);
    for (int64_t j = 0; j < out.width; j++) {
      const Span columns = region(j, out.width, in.width);
      const int64_t area = (rows.end - rows.start) * (columns.end - columns.start);
      for (int64_t y = rows.start; y < rows.end; y++) {
        for (int64_t x = columns.start; x < columns.end; x++)
          use(i * out.width + j, y * in.width + x, static_cast<float>(area));
      }
    }
  }
}

template <class T>
void average(const Layout& in, const Layout& out, const T* from, T* to) {
  const int64_t block = in.block;
  eachMap(in, out, [&](int64_t source, int64_t target) {
    std::vector<float> sums(static_cast<size_t>(out.places() * block));
    eachCell(in, out, [&](int64_t o, int64_t i, float area) {
      for (int64_t lane = 0; lane < block; lane++)
        sums[static_cast<size_t>(o * block + lane)] +=
            toFloat(from[source + i * block + lane]) / area;
    });
    for (int64_t i = 0; i < out.places() * block; i++)
      store(to[target + i], sums[static_cast<size_t>(i)]);
  });
}

template <class T>
void averageBackward(const Layout& in, const Layout& out, const T* gradient, T* below) {
  const int64_t block = in.block;
  eachMap(in, out, [&](int64_t source, int64_t target) {
    std::vector<float> sums(static_cast<size_t>(in.places() * block));
    eachCell(in, out, [&](int64_t o, int64_t i, float area) {
      for (int64_t lane = 0; lane < block; lane++)
        sums[static_cast<size_t>(i * block + lane)] +=
            toFloat(gradient[target + o * block + lane]) / area;
    });
    for (int64_t i = 0; i < in.places() * block; i++)
      store(below[source + i], sums[static_cast<size_t>(i)]);
  });
}

}  // namespace

void buildAdaptivePool(Chain& chain, int index) {
  Slot* input = chain.asKnown(chain.activation(index - 1), at(index), chain.forwardWork(index));
  const Layout in = input->layout().value();
  const Desc desc = describe(in, chain.outputDims(index), input->type);
  Slot* output = chain.activation(index) = chain.output(index, desc, input->type);
  const Layout out = resized(in, chain.layer(index).output.height, chain.layer(index).output.width);
  chain.forwardWork(index).push_back([in, out, input, output] {
    withNumbers(in, [&](auto number) {
      using T = decltype(number);
      average(in, out, input->numbers<T>(), output->numbers<T>());
    });
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [&chain, index, in, out, inDesc = input->desc, desc,
                                type = input->type] {
    const int now = chain.backwardTime(index);
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.as(chain.gradient(index), desc, type, at(now), work);
    Slot* below = chain.gradient(index - 1) = chain.gradientSlot(index - 1, inDesc, type);
    work.push_back([in, out, gradient, below] {
      withNumbers(in, [&](auto number) {
        using T = decltype(number);
        averageBackward(in, out, gradient->numbers<T>(), below->numbers<T>());
      });
    });
  };
}

}  // namespace alexnet
