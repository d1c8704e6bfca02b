#include "tiles/lrn_blocks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/lanes.h"

namespace alexnet {

namespace {

// Some places of one image with the channels of one tower: each place's channels follow each other,
// with zeros before and after them. So the sum over a window is a sum of neighbouring vectors.
// Small enough for the first-level cache.
class Strip {
 public:
  Strip(const LayerDescription& layer, const Layout& layout)
      : half_(layer.size / 2),
        row_(layout.channels / layer.groups + 2 * half_),
        places_(std::clamp<int64_t>(2048 / row_, 4, 64)),
        numbers_(static_cast<size_t>(places_ * row_)) {}

  int64_t places() const { return places_; }
  float* at(int64_t place, int64_t channel) {
    return numbers_.data() + place * row_ + half_ + channel;
  }
  // size: of the window where the compiler is to know it, else 0.
  template <int size>
  Lanes windowSum(int64_t place, int64_t channel) {
    const int64_t count = size > 0 ? size : 2 * half_ + 1;
    const float* from = at(place, channel) - count / 2;
    Lanes sum = loadLanes(from);
    for (int64_t d = 1; d < count; d++) sum += loadLanes(from + d);
    return sum;
  }

 private:
  int64_t half_, row_, places_;
  std::vector<float> numbers_;
};

// D^−β, and D^−1.
struct Powers {
  Lanes scale, inverse;
};

// What everybody uses, for which the compiler makes a quick loop: five channels, and D^−3/4 by
// square roots.
struct Usual {
  static constexpr int size = 5;
  explicit Usual(const LayerDescription&) {}
  Powers powers(Lanes d) const {
    const Lanes root = inverseRoot(d), inverse = root * root;
    return {inverse * inverseRoot(root), inverse};
  }
};

struct Unusual {
  static constexpr int size = 0;
  float beta;
  explicit Unusual(const LayerDescription& layer) : beta(layer.beta) {}
  Powers powers(Lanes d) const {
    const Lanes inverse = 1.0f / d;
    for (int i = 0; i < lanes; i++) d[i] = std::exp(-beta * std::log(d[i]));
    return {d, inverse};
  }
};

// Calls use(offset in the maps, place in the strip, channel in the tower) for every eight channels
// of every place of a strip.
class Piece {
 public:
  Piece(const LayerDescription& layer, const Layout& layout, int64_t places, int64_t number)
      : layout_(layout) {
    const int64_t strips = (layout.places() + places - 1) / places,
                  tower = number / strips % layer.groups;
    blocks_ = layout.blocks() / layer.groups;
    place_ = number % strips * places;
    width_ = std::min(places, layout.places() - place_);
    firstBlock_ = number / strips / layer.groups * layout.blocks() + tower * blocks_;
  }
  template <class Use>
  void each(const Use& use) const {
    for (int64_t b = 0; b < blocks_; b++) {
      const int64_t start = ((firstBlock_ + b) * layout_.places() + place_) * layout_.block;
      for (int64_t p = 0; p < width_; p++) {
        for (int64_t lane = 0; lane < layout_.block; lane += lanes)
          use(start + p * layout_.block + lane, p, b * layout_.block + lane);
      }
    }
  }
  static int64_t count(const LayerDescription& layer, const Layout& layout, int64_t places) {
    return layout.images * layer.groups * ((layout.places() + places - 1) / places);
  }

 private:
  const Layout& layout_;
  int64_t blocks_, place_, width_, firstBlock_;
};

template <class T>
void square(const Piece& piece, const T* in, Strip& squares) {
  piece.each([&](int64_t i, int64_t place, int64_t channel) {
    const Lanes a = loadLanes(in + i);
    storeLanes(squares.at(place, channel), a * a);
  });
}

template <class Rule, class T>
void forward(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  const Rule rule(layer);
#pragma omp parallel if (worthSharing(layout.elements()))
  {
    Strip squares(layer, layout);
    const float k = layer.k, alpha = layer.alpha;
    const int64_t pieces = Piece::count(layer, layout, squares.places());
#pragma omp for schedule(static)
    for (int64_t number = 0; number < pieces; number++) {
      const Piece piece(layer, layout, squares.places(), number);
      square(piece, in, squares);
      piece.each([&, k, alpha](int64_t i, int64_t place, int64_t channel) {
        storeLanes(
            out + i,
            loadLanes(in + i) *
                rule.powers(k + alpha * squares.windowSum<Rule::size>(place, channel)).scale);
      });
    }
  }
}

template <class Rule, class T>
void backward(const LayerDescription& layer, const Layout& layout, const T* in, const T* gradient,
              T* below) {
  const Rule rule(layer);
#pragma omp parallel if (worthSharing(layout.elements()))
  {
    Strip squares(layer, layout), terms(layer, layout), scaled(layer, layout);
    const float k = layer.k, alpha = layer.alpha, factor = 2 * layer.alpha * layer.beta;
    const int64_t pieces = Piece::count(layer, layout, squares.places());
#pragma omp for schedule(static)
    for (int64_t number = 0; number < pieces; number++) {
      const Piece piece(layer, layout, squares.places(), number);
      square(piece, in, squares);
      piece.each([&, k, alpha](int64_t i, int64_t place, int64_t channel) {
        const Powers powers =
            rule.powers(k + alpha * squares.windowSum<Rule::size>(place, channel));
        const Lanes g = loadLanes(gradient + i) * powers.scale;
        storeLanes(scaled.at(place, channel), g);
        storeLanes(terms.at(place, channel), g * loadLanes(in + i) * powers.inverse);
      });
      piece.each([&, factor](int64_t i, int64_t place, int64_t channel) {
        storeLanes(below + i,
                   loadLanes(scaled.at(place, channel)) -
                       factor * loadLanes(in + i) * terms.windowSum<Rule::size>(place, channel));
      });
    }
  }
}

bool isUsual(const LayerDescription& layer) {
  return layer.size == Usual::size && layer.beta == 0.75f;
}

}  // namespace

bool fitsLrnBlocks(const LayerDescription& layer, const Layout& layout) {
  return layout.block % lanes == 0 && layout.channels % (layer.groups * layout.block) == 0;
}

template <class T>
void lrnBlocks(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  if (isUsual(layer)) {
    forward<Usual>(layer, layout, in, out);
  } else {
    forward<Unusual>(layer, layout, in, out);
  }
}

template <class T>
void lrnBlocksBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                       const T* gradient, T* below) {
  if (isUsual(layer)) {
    backward<Usual>(layer, layout, in, gradient, below);
  } else {
    backward<Unusual>(layer, layout, in, gradient, below);
  }
}

template void lrnBlocks(const LayerDescription&, const Layout&, const float*, float*);
template void lrnBlocks(const LayerDescription&, const Layout&, const BFloat16*, BFloat16*);
template void lrnBlocksBackward(const LayerDescription&, const Layout&, const float*, const float*,
                                float*);
template void lrnBlocksBackward(const LayerDescription&, const Layout&, const BFloat16*,
                                const BFloat16*, BFloat16*);

}  // namespace alexnet
