#include "tiles/lrn_channels.h"

#include "tiles/lrn_sums.h"

namespace alexnet {

namespace {

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

}  // namespace

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

template void lrnChannels(const LayerDescription&, const Layout&, const float*, float*);
template void lrnChannels(const LayerDescription&, const Layout&, const BFloat16*, BFloat16*);
template void lrnChannelsBackward(const LayerDescription&, const Layout&, const float*,
                                  const float*, float*);
template void lrnChannelsBackward(const LayerDescription&, const Layout&, const BFloat16*,
                                  const BFloat16*, BFloat16*);

}  // namespace alexnet
