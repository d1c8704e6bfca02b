// Local response normalisation: b = a / (k + α Σ a²)^β, and back
//     dIn[j] = g[j]·D[j]^−β − 2αβ·a[j]·Σ_{i: j in window(i)} g[i]·a[i]·D[i]^(−β−1),  D = k + α Σ a²
// Own loops, because oneDNN's know neither towers nor fast sums inside a map, and keep a workspace as large as the maps;
// recomputing D from `in` costs less than reading it back.
#include <cmath>
#include <vector>

#include "chain.h"

namespace alexnet {

namespace {

// D^−β; by square roots for the β that everybody uses.
inline float power(float d, float beta) {
  if (beta == 0.75f) {
    const float root = std::sqrt(d);
    return 1.0f / (root * std::sqrt(root));
  }
  return std::exp(-beta * std::log(d));
}

// A strip of one image's map: `rows` neighbours along the axis of the sum, `width` independent numbers beside each other in each.
// Rows of zeros before and after stand for what lies outside.
struct Strip {
  int64_t rows, width, half;
  std::vector<float> storage;
  Strip(int64_t rows, int64_t width, int64_t half) : rows(rows), width(width), half(half), storage(static_cast<size_t>((rows + 2 * half) * width)) {}
  float* row(int64_t r) { return storage.data() + (r + half) * width; }
};

// sums[r][i] = Σ over the window of rows around r
void sumRows(Strip& values, Strip& sums) {
  for (int64_t r = 0; r < values.rows; r++) {
    float* out = sums.row(r);
    const float* first = values.row(r - values.half);
    const int64_t width = values.width;
    if (values.half == 2) {
#pragma omp simd
      for (int64_t i = 0; i < width; i++) out[i] = first[i] + first[width + i] + first[2 * width + i] + first[3 * width + i] + first[4 * width + i];
      continue;
    }
#pragma omp simd
    for (int64_t i = 0; i < width; i++) out[i] = first[i];
    for (int64_t d = 1; d <= 2 * values.half; d++) {
      const float* row = first + d * width;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) out[i] += row[i];
    }
  }
}

// Σ over size × size neighbours of one map of `block` lanes: along x by steps of block, then along y.
struct MapSums {
  int64_t height, width, block, half;
  Strip columns, rows, sums;
  std::vector<float> padded;
  MapSums(const Layout& layout, int64_t half)
      : height(layout.height), width(layout.width), block(layout.block), half(half), columns(height, width * block, half), rows(height, width * block, half),
        sums(height, width * block, 0), padded(static_cast<size_t>((width + 2 * half) * block)) {}

  // Reads columns, writes sums.
  void run() {
    const int64_t length = width * block;
    for (int64_t y = 0; y < height; y++) {
      std::copy_n(columns.row(y), length, padded.data() + half * block);
      float* out = rows.row(y);
      std::copy_n(padded.data(), length, out);
      for (int64_t d = 1; d <= 2 * half; d++) {
        const float* shifted = padded.data() + d * block;
#pragma omp simd
        for (int64_t i = 0; i < length; i++) out[i] += shifted[i];
      }
    }
    sumRows(rows, sums);
  }
};

// Calls body(scratch, …) for every piece of work of a layer, in parallel; each thread makes its own scratch once.
template <class MakeScratch, class Body>
void eachPiece(int64_t pieces, const MakeScratch& makeScratch, const Body& body) {
#pragma omp parallel
  {
    auto scratch = makeScratch();
#pragma omp for schedule(static)
    for (int64_t piece = 0; piece < pieces; piece++) body(scratch, piece);
  }
}

// Across channels. A tile is some places of one image with all its channels, as [channel][place] so that every sum runs over rows.
struct ChannelTile {
  static constexpr int64_t places = 16;
  int64_t perTower;
  Strip squares, sums, values, gradients;
  ChannelTile(const LayerDescription& layer, const Layout& layout)
      : perTower(layout.channels / layer.groups), squares(perTower, places, layer.size / 2), sums(perTower, places, 0), values(layout.channels, places, 0),
        gradients(layout.channels, places, 0) {}
};

// Copies between a tile and the map; `width` of its places are real.
template <class T>
void loadTile(const Layout& layout, const T* map, int64_t n, int64_t place, int64_t width, Strip& tile) {
  const int64_t block = layout.block;
  for (int64_t c0 = 0; c0 < layout.channels; c0 += block) {
    const T* from = map + ((n * layout.blocks() + c0 / block) * layout.places() + place) * block;
    const int64_t lanes = std::min(block, layout.channels - c0);
    for (int64_t lane = 0; lane < lanes; lane++) {
      float* row = tile.row(c0 + lane);
      for (int64_t p = 0; p < width; p++) row[p] = toFloat(from[p * block + lane]);
    }
  }
}

template <class T>
void storeTile(const Layout& layout, Strip& tile, int64_t n, int64_t place, int64_t width, T* map) {
  const int64_t block = layout.block;
  for (int64_t c0 = 0; c0 < layout.channels; c0 += block) {
    T* to = map + ((n * layout.blocks() + c0 / block) * layout.places() + place) * block;
    const int64_t lanes = std::min(block, layout.channels - c0);
    for (int64_t p = 0; p < width; p++) {
      for (int64_t lane = 0; lane < lanes; lane++) store(to[p * block + lane], tile.row(c0 + lane)[p]);
      for (int64_t lane = lanes; lane < block; lane++) store(to[p * block + lane], 0);
    }
  }
}

template <class Compute>
void eachTile(const LayerDescription& layer, const Layout& layout, const Compute& compute) {
  const int64_t tiles = (layout.places() + ChannelTile::places - 1) / ChannelTile::places;
  eachPiece(
      layout.images * tiles, [&] { return ChannelTile(layer, layout); },
      [&](ChannelTile& tile, int64_t piece) {
        const int64_t place = piece % tiles * ChannelTile::places;
        compute(tile, piece / tiles, place, std::min(ChannelTile::places, layout.places() - place));
      });
}

constexpr int64_t W = ChannelTile::places;

// tile.sums = D of the tower that starts at channel `first`.
void denominators(const LayerDescription& layer, ChannelTile& tile, int64_t first) {
  for (int64_t c = 0; c < tile.perTower; c++) {
    const float* a = tile.values.row(first + c);
    float* square = tile.squares.row(c);
#pragma omp simd
    for (int64_t p = 0; p < W; p++) square[p] = a[p] * a[p];
  }
  sumRows(tile.squares, tile.sums);
  for (int64_t c = 0; c < tile.perTower; c++) {
    float* sum = tile.sums.row(c);
#pragma omp simd
    for (int64_t p = 0; p < W; p++) sum[p] = layer.k + layer.alpha * sum[p];
  }
}

template <class T>
void lrnChannels(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  eachTile(layer, layout, [&](ChannelTile& tile, int64_t n, int64_t place, int64_t width) {
    loadTile(layout, in, n, place, width, tile.values);
    for (int64_t first = 0; first < layout.channels; first += tile.perTower) {
      denominators(layer, tile, first);
      for (int64_t c = 0; c < tile.perTower; c++) {
        float* a = tile.values.row(first + c);
        const float* d = tile.sums.row(c);
#pragma omp simd
        for (int64_t p = 0; p < W; p++) a[p] *= power(d[p], layer.beta);
      }
    }
    storeTile(layout, tile.values, n, place, width, out);
  });
}

template <class T>
void lrnChannelsBackward(const LayerDescription& layer, const Layout& layout, const T* in, const T* gradient, T* below) {
  const float factor = 2 * layer.alpha * layer.beta;
  eachTile(layer, layout, [&](ChannelTile& tile, int64_t n, int64_t place, int64_t width) {
    loadTile(layout, in, n, place, width, tile.values);
    loadTile(layout, gradient, n, place, width, tile.gradients);
    for (int64_t first = 0; first < layout.channels; first += tile.perTower) {
      denominators(layer, tile, first);
      for (int64_t c = 0; c < tile.perTower; c++) {
        const float* a = tile.values.row(first + c);
        float* g = tile.gradients.row(first + c);
        const float* d = tile.sums.row(c);
        float* term = tile.squares.row(c);
#pragma omp simd
        for (int64_t p = 0; p < W; p++) {
          const float scale = power(d[p], layer.beta);
          term[p] = g[p] * a[p] * scale / d[p];
          g[p] *= scale;
        }
      }
      sumRows(tile.squares, tile.sums);
      for (int64_t c = 0; c < tile.perTower; c++) {
        const float* a = tile.values.row(first + c);
        float* g = tile.gradients.row(first + c);
        const float* sum = tile.sums.row(c);
#pragma omp simd
        for (int64_t p = 0; p < W; p++) g[p] -= factor * a[p] * sum[p];
      }
    }
    storeTile(layout, tile.gradients, n, place, width, below);
  });
}

// Inside each map.
template <class T>
void lrnMap(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  const int64_t length = layout.width * layout.block;
  eachPiece(
      layout.images * layout.blocks(), [&] { return MapSums(layout, layer.size / 2); },
      [&](MapSums& map, int64_t piece) {
        const int64_t start = piece * layout.places() * layout.block;
        for (int64_t y = 0; y < layout.height; y++) {
          for (int64_t i = 0; i < length; i++) map.columns.row(y)[i] = toFloat(in[start + y * length + i]) * toFloat(in[start + y * length + i]);
        }
        map.run();
        for (int64_t y = 0; y < layout.height; y++) {
          const float* sum = map.sums.row(y);
          for (int64_t i = 0; i < length; i++) {
            store(out[start + y * length + i], toFloat(in[start + y * length + i]) * power(layer.k + layer.alpha * sum[i], layer.beta));
          }
        }
      });
}

template <class T>
void lrnMapBackward(const LayerDescription& layer, const Layout& layout, const T* in, const T* gradient, T* below) {
  const float factor = 2 * layer.alpha * layer.beta;
  const int64_t length = layout.width * layout.block;
  struct Scratch {
    MapSums map;
    Strip scales;
  };
  eachPiece(
      layout.images * layout.blocks(), [&] { return Scratch{MapSums(layout, layer.size / 2), Strip(layout.height, length, 0)}; },
      [&](Scratch& scratch, int64_t piece) {
        MapSums& map = scratch.map;
        const int64_t start = piece * layout.places() * layout.block;
        for (int64_t y = 0; y < layout.height; y++) {
          for (int64_t i = 0; i < length; i++) map.columns.row(y)[i] = toFloat(in[start + y * length + i]) * toFloat(in[start + y * length + i]);
        }
        map.run();
        for (int64_t y = 0; y < layout.height; y++) {
          for (int64_t i = 0; i < length; i++) {
            const int64_t at = start + y * length + i;
            const float d = layer.k + layer.alpha * map.sums.row(y)[i];
            const float scale = power(d, layer.beta);
            scratch.scales.row(y)[i] = scale;
            map.columns.row(y)[i] = toFloat(gradient[at]) * toFloat(in[at]) * scale / d;
          }
        }
        map.run();
        for (int64_t y = 0; y < layout.height; y++) {
          for (int64_t i = 0; i < length; i++) {
            const int64_t at = start + y * length + i;
            store(below[at], toFloat(gradient[at]) * scratch.scales.row(y)[i] - factor * toFloat(in[at]) * map.sums.row(y)[i]);
          }
        }
      });
}

// Layouts of all maps are the same.
template <class T>
void lrn(const LayerDescription& layer, const Layout& layout, const T* in, T* out) {
  if (layer.acrossChannels) {
    lrnChannels(layer, layout, in, out);
  } else {
    lrnMap(layer, layout, in, out);
  }
}

template <class T>
void lrnBackward(const LayerDescription& layer, const Layout& layout, const T* in, const T* gradient, T* below) {
  if (layer.acrossChannels) {
    lrnChannelsBackward(layer, layout, in, gradient, below);
  } else {
    lrnMapBackward(layer, layout, in, gradient, below);
  }
}

}  // namespace

void buildLrn(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  const bool lasting = chain.hasWayBack();
  Slot* input = chain.asKnown(chain.activation(index - 1), lasting ? 0 : index, lasting ? forever : index, chain.there(index));
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
    Slot* below = chain.gradient(index - 1) = chain.gradientSlot(index - 1, input->desc, input->type);
    back.push_back([&layer, layout, input, gradient, below] {
      withNumbers(layout, [&](auto number) {
        using T = decltype(number);
        lrnBackward(layer, layout, input->numbers<T>(), gradient->numbers<T>(), below->numbers<T>());
      });
    });
  };
}

}  // namespace alexnet
