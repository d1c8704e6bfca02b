#include "tiles/lrn_map.h"

#include "tiles/lrn_sums.h"

namespace alexnet {

namespace {

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

template <class T>
void squareMap(MapSums& map, const T* in, int64_t count) {
  for (int64_t i = 0; i < count; i++) map.values()[i] = toFloat(in[i]) * toFloat(in[i]);
  map.run();
}

}  // namespace

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

template void lrnMap(const LayerDescription&, const Layout&, const float*, float*);
template void lrnMap(const LayerDescription&, const Layout&, const BFloat16*, BFloat16*);
template void lrnMapBackward(const LayerDescription&, const Layout&, const float*, const float*,
                             float*);
template void lrnMapBackward(const LayerDescription&, const Layout&, const BFloat16*,
                             const BFloat16*, BFloat16*);

}  // namespace alexnet
