// Local response normalisation: b = a / (k + α Σ a²)^β, and back
//     dIn[j] = g[j]·D[j]^−β − 2αβ·a[j]·Σ_{i: j in window(i)} g[i]·a[i]·D[i]^(−β−1),  D = k + α Σ a²
// Own loops, because oneDNN's know neither towers nor fast sums inside a map, and keep a workspace
// as large as the maps; recomputing D from `in` costs less than reading it back.
#include <algorithm>
#include <cmath>
#include <vector>

#include "chain.h"
#include "lrn_blocks.h"

namespace alexnet {

namespace {

// Calls use(i, D, D^−β) with D = k + α·sums[i]; by square roots for the β that everybody uses.
template <class Use>
inline void eachPower(int64_t count, const LayerDescription& layer, const float* sums,
                      const Use& use) {
  const float k = layer.k, alpha = layer.alpha, beta = layer.beta;
  if (beta == 0.75f) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
      const float d = k + alpha * sums[i], root = std::sqrt(d);
      use(i, d, 1.0f / (root * std::sqrt(root)));
    }
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    const float d = k + alpha * sums[i];
    use(i, d, std::exp(-beta * std::log(d)));
  }
}

std::vector<float> zeros(int64_t count) {
  return std::vector<float>(static_cast<size_t>(count));
}

// out[i] = Σ from[i + d·step], d = 0 … most
void sumShifted(const float* from, int64_t count, int64_t step, int64_t most, float* out) {
  if (most == 4) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
      out[i] =
          from[i] + from[i + step] + from[i + 2 * step] + from[i + 3 * step] + from[i + 4 * step];
    return;
  }
  std::copy_n(from, count, out);
  for (int64_t d = 1; d <= most; d++) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) out[i] += from[i + d * step];
  }
}

// Σ over size × size neighbours of one map of `block` lanes: along x by steps of block, then along
// y. Zeros stand for what lies outside.
class MapSums {
 public:
  MapSums(const Layout& layout, int64_t half)
      : height_(layout.height),
        length_(layout.width * layout.block),
        step_(layout.block),
        half_(half),
        padded_(zeros(length_ + 2 * half * step_)),
        rows_(zeros((height_ + 2 * half) * length_)),
        values_(zeros(height_ * length_)),
        sums_(zeros(height_ * length_)) {}

  float* values() { return values_.data(); }
  const float* sums() const { return sums_.data(); }

  // Reads values, writes sums.
  void run() {
    for (int64_t y = 0; y < height_; y++) {
      std::copy_n(values_.data() + y * length_, length_, padded_.data() + half_ * step_);
      sumShifted(padded_.data(), length_, step_, 2 * half_, rows_.data() + (half_ + y) * length_);
    }
    sumShifted(rows_.data(), height_ * length_, length_, 2 * half_, sums_.data());
  }

 private:
  int64_t height_, length_, step_, half_;
  std::vector<float> padded_, rows_, values_, sums_;
};

// Calls body(scratch, …) for every piece of work of a layer, in parallel; each thread makes its own
// scratch once.
template <class MakeScratch, class Body>
void eachPiece(int64_t pieces, const MakeScratch& makeScratch, const Body& body) {
#pragma omp parallel
  {
    auto scratch = makeScratch();
#pragma omp for schedule(static)
    for (int64_t piece = 0; piece < pieces; piece++) body(scratch, piece);
  }
}

// Across channels: some places of one image with all their channels, as one row of numbers in which
// the channels of a tower follow each other at distance step(), with zeros between towers. So a sum
// over a window is a sum of shifted rows, whatever the layout.
class ChannelTile {
 public:
  ChannelTile(const LayerDescription& layer, const Layout& layout)
      : layout_(layout), half_(layer.size / 2), inner_(layout.block > 1), places_(inner_ ? 8 : 16) {
    const int64_t perTower = layout.channels / layer.groups, gap = half_;
    const int64_t rows = gap + layout.channels + layer.groups * gap;
    length_ = rows * places_;
    step_ = inner_ ? 1 : places_;
    for (int64_t c = 0; c < layout.channels;) {
      const int64_t lane = c % layout.block, tower = c / perTower;
      const int64_t count =
          std::min({layout.block - lane, (tower + 1) * perTower - c, layout.channels - c});
      pieces_.push_back({c / layout.block * layout.places() * layout.block + lane,
                         (gap + c + tower * gap) * step_, count});
      c += count;
    }
    row_ = inner_ ? rows : 1;
    for (auto* each : {&values, &gradients, &terms, &sums, &results})
      *each = zeros(length_ + 2 * half_ * step_);
  }

  // Between towers `values` and `gradients` stay zero: only load() writes them.
  std::vector<float> values, gradients, terms, sums, results;
  int64_t places() const { return places_; }
  int64_t length() const { return length_; }

  // sums[i] = Σ terms over the window around i. Between towers it holds what nobody reads.
  void sumTerms() {
    sumShifted(terms.data(), length_ - 2 * half_ * step_, step_, 2 * half_,
               sums.data() + half_ * step_);
  }

  template <class T>
  void load(const T* map, int64_t n, int64_t place, int64_t width, std::vector<float>& to) const {
    visit(n, place, width, [&](int64_t in, int64_t at, int64_t count) {
      for (int64_t i = 0; i < count; i++) to[static_cast<size_t>(at + i)] = toFloat(map[in + i]);
    });
  }

  template <class T>
  void unload(const std::vector<float>& from, int64_t n, int64_t place, int64_t width,
              T* map) const {
    visit(n, place, width, [&](int64_t out, int64_t at, int64_t count) {
      for (int64_t i = 0; i < count; i++) store(map[out + i], from[static_cast<size_t>(at + i)]);
    });
    fillUp(n, place, width, map);
  }

 private:
  struct Piece {
    int64_t in, at, count;
  };

  // Calls use(position in the map, position in the tile, count) for all runs of numbers that lie
  // together in both.
  template <class Use>
  void visit(int64_t n, int64_t place, int64_t width, const Use& use) const {
    const int64_t start = (n * layout_.blocks() * layout_.places() + place) * layout_.block;
    for (const Piece& piece : pieces_) {
      if (!inner_) {
        use(start + piece.in, piece.at, width);
      } else if (piece.count == 8) {
        for (int64_t p = 0; p < width; p++)
          use(start + piece.in + p * layout_.block, piece.at + p * row_, 8);
      } else {
        for (int64_t p = 0; p < width; p++)
          use(start + piece.in + p * layout_.block, piece.at + p * row_, piece.count);
      }
    }
  }

  // Lanes beyond the last channel stay zero.
  template <class T>
  void fillUp(int64_t n, int64_t place, int64_t width, T* map) const {
    const int64_t used = layout_.channels % layout_.block;
    if (used == 0) return;
    const int64_t last =
        ((n * layout_.blocks() + layout_.blocks() - 1) * layout_.places() + place) * layout_.block;
    for (int64_t p = 0; p < width; p++) {
      for (int64_t lane = used; lane < layout_.block; lane++)
        store(map[last + p * layout_.block + lane], 0);
    }
  }

  Layout layout_;
  int64_t half_;
  bool inner_;
  int64_t places_, length_ = 0, step_ = 1, row_ = 1;
  std::vector<Piece> pieces_;
};

template <class Compute>
void eachTile(const LayerDescription& layer, const Layout& layout, const Compute& compute) {
  const int64_t places = ChannelTile(layer, layout).places(),
                tiles = (layout.places() + places - 1) / places;
  eachPiece(
      layout.images * tiles, [&] { return ChannelTile(layer, layout); },
      [&](ChannelTile& tile, int64_t piece) {
        const int64_t place = piece % tiles * places;
        compute(tile, piece / tiles, place, std::min(places, layout.places() - place));
      });
}

// tile.sums = Σ a²
void sumSquares(ChannelTile& tile) {
  const float* a = tile.values.data();
  float* squares = tile.terms.data();
#pragma omp simd
  for (int64_t i = 0; i < tile.length(); i++) squares[i] = a[i] * a[i];
  tile.sumTerms();
}

template <class T>
void lrnChannels(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  eachTile(layer, layout, [&](ChannelTile& tile, int64_t n, int64_t place, int64_t width) {
    tile.load(in, n, place, width, tile.values);
    sumSquares(tile);
    const float* a = tile.values.data();
    float* results = tile.results.data();
    eachPower(tile.length(), layer, tile.sums.data(),
              [=](int64_t i, float, float scale) { results[i] = a[i] * scale; });
    tile.unload(tile.results, n, place, width, out);
  });
}

template <class T>
void lrnChannelsBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                         const T* gradient, T* below) {
  const float factor = 2 * layer.alpha * layer.beta;
  eachTile(layer, layout, [&](ChannelTile& tile, int64_t n, int64_t place, int64_t width) {
    tile.load(in, n, place, width, tile.values);
    tile.load(gradient, n, place, width, tile.gradients);
    sumSquares(tile);
    const float* a = tile.values.data();
    const float* g = tile.gradients.data();
    float* results = tile.results.data();
    float* terms = tile.terms.data();
    const float* sums = tile.sums.data();
    eachPower(tile.length(), layer, sums, [=](int64_t i, float d, float scale) {
      terms[i] = g[i] * a[i] * scale / d;
      results[i] = g[i] * scale;
    });
    tile.sumTerms();
#pragma omp simd
    for (int64_t i = 0; i < tile.length(); i++) results[i] -= factor * a[i] * sums[i];
    tile.unload(tile.results, n, place, width, below);
  });
}

// Inside each map.
template <class T>
void squareMap(MapSums& map, const T* in, int64_t count) {
  for (int64_t i = 0; i < count; i++) map.values()[i] = toFloat(in[i]) * toFloat(in[i]);
  map.run();
}

template <class T>
void lrnMap(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  const int64_t count = layout.places() * layout.block;
  eachPiece(
      layout.images * layout.blocks(), [&] { return MapSums(layout, layer.size / 2); },
      [&](MapSums& map, int64_t piece) {
        const T* from = in + piece * count;
        T* to = out + piece * count;
        squareMap(map, from, count);
        eachPower(count, layer, map.sums(),
                  [=](int64_t i, float, float scale) { store(to[i], toFloat(from[i]) * scale); });
      });
}

template <class T>
void lrnMapBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                    const T* gradient, T* below) {
  const float factor = 2 * layer.alpha * layer.beta;
  const int64_t count = layout.places() * layout.block;
  struct Scratch {
    MapSums map;
    std::vector<float> scales;
  };
  eachPiece(
      layout.images * layout.blocks(),
      [&] { return Scratch{MapSums(layout, layer.size / 2), zeros(count)}; },
      [&](Scratch& scratch, int64_t piece) {
        const T *a = in + piece * count, *g = gradient + piece * count;
        T* to = below + piece * count;
        float *scales = scratch.scales.data(), *terms = scratch.map.values();
        squareMap(scratch.map, a, count);
        eachPower(count, layer, scratch.map.sums(), [=](int64_t i, float d, float scale) {
          scales[i] = scale;
          terms[i] = toFloat(g[i]) * toFloat(a[i]) * scale / d;
        });
        scratch.map.run();
        const float* sums = scratch.map.sums();
        for (int64_t i = 0; i < count; i++)
          store(to[i], toFloat(g[i]) * scales[i] - factor * toFloat(a[i]) * sums[i]);
      });
}

// Layouts of all maps are the same.
template <class T>
void lrn(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  if (fitsLrnBlocks(layer, layout)) {
    lrnBlocks(layer, layout, in, out);
  } else if (layer.acrossChannels) {
    lrnChannels(layer, layout, in, out);
  } else {
    lrnMap(layer, layout, in, out);
  }
}

template <class T>
void lrnBackward(const LayerDescription& layer, const Layout& layout, const T* in,
                 const T* gradient, T* below) {
  if (fitsLrnBlocks(layer, layout)) {
    lrnBlocksBackward(layer, layout, in, gradient, below);
  } else if (layer.acrossChannels) {
    lrnChannelsBackward(layer, layout, in, gradient, below);
  } else {
    lrnMapBackward(layer, layout, in, gradient, below);
  }
}

}  // namespace

void buildLrn(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  const bool lasting = chain.hasWayBack();
  Slot* input = chain.asKnown(chain.activation(index - 1), lasting ? 0 : index,
                              lasting ? forever : index, chain.there(index));
  Slot* output = chain.activation(index) = chain.output(index, input->desc, input->type);
  const Layout layout = input->layout().value();
  chain.there(index).push_back([&layer, layout, input, output] {
    withNumbers(layout, [&](auto number) {
      using T = decltype(number);
      lrn(layer, layout, input->numbers<T>(), output->numbers<T>());
    });
  });
  if (!chain.hasWayBack()) return;

  chain.buildBack(index) = [&chain, &layer, index, layout, input] {
    const int now = chain.timeBack(index);
    auto& back = chain.back(index);
    Slot* gradient = chain.as(chain.gradient(index), input->desc, input->type, now, now, back);
    Slot* below = chain.gradient(index - 1) =
        chain.gradientSlot(index - 1, input->desc, input->type);
    back.push_back([&layer, layout, input, gradient, below] {
      withNumbers(layout, [&](auto number) {
        using T = decltype(number);
        lrnBackward(layer, layout, input->numbers<T>(), gradient->numbers<T>(),
                    below->numbers<T>());
      });
    });
  };
}

}  // namespace alexnet
