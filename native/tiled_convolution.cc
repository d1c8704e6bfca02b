#include "tiled_convolution.h"

#include <omp.h>

#include <algorithm>

#include "chain.h"
#include "dnnl_compat.h"

namespace alexnet {

namespace {

int64_t divideUp(int64_t count, int64_t by) {
  return (count + by - 1) / by;
}

// Of right factors, so that they stay in the first-level cache while all rows meet them.
constexpr int64_t chunkBytes = 20 << 10;

}  // namespace

std::optional<TiledConvolution> TiledConvolution::of(const LayerDescription& layer,
                                                     int64_t images) {
  const int64_t inputs = layer.input.channels / layer.groups,
                outputs = layer.output.channels / layer.groups;
  const bool plain = layer.input.channels < lanes && layer.groups == 1;
  if (!wantsTiles() || outputs % lanes != 0 || (inputs % lanes != 0 && !plain)) return std::nullopt;
  return TiledConvolution(layer, images);
}

TiledConvolution::TiledConvolution(const LayerDescription& layer, int64_t images)
    : layer_(layer), images_(images) {
  const int64_t inputs = layer.input.channels / layer.groups,
                outputs = layer.output.channels / layer.groups, blocks = outputs / lanes;
  const bool plain = inputs % lanes != 0;
  const int64_t channels = plain ? 1 : lanes, planes = inputs / channels, height = layer.kernel[0],
                width = layer.kernel[1], window = height * width;
  Padded in{planes,
            layer.input.height,
            layer.input.width,
            channels,
            {layer.before[0], layer.before[1]},
            0,
            0};
  in.paddedHeight = layer.before[0] + in.height + std::max<int64_t>(0, layer.after[0]);
  in.paddedWidth = layer.before[1] + in.width + std::max<int64_t>(0, layer.after[1]);

  there_ = Sweep{images,
                 layer.groups,
                 blocks,
                 layer.output.height,
                 layer.output.width,
                 in,
                 {layer.stride[0], layer.stride[1]},
                 height,
                 width * channels,
                 blocks * inputs * window * lanes,
                 inputs * window * lanes,
                 {},
                 {}};
  there_.prepare();
  prepareGradients();

  // The gradient with the zeros around it that let every window end in it.
  const int64_t before[] = {height - 1 - layer.before[0], width - 1 - layer.before[1]};
  const bool covered =
      before[0] >= 0 && before[1] >= 0 && layer.after[0] < height && layer.after[1] < width;
  if (plain || layer.stride[0] != 1 || layer.stride[1] != 1 || !covered) return;
  const Padded gradient{blocks,
                        layer.output.height,
                        layer.output.width,
                        lanes,
                        {before[0], before[1]},
                        in.height + height - 1,
                        in.width + width - 1};
  back_ = Sweep{images,
                layer.groups,
                planes,
                in.height,
                in.width,
                gradient,
                {1, 1},
                height,
                width * lanes,
                there_.groupWeights,
                outputs * window * lanes,
                {},
                {}};
  back_->prepare();
}

void TiledConvolution::Sweep::prepare() {
  for (int64_t y = 0; y < height; y++) {
    for (int64_t x = 0; x < width; x++)
      places.push_back((y * stride[0] * in.paddedWidth + x * stride[1]) * in.channels);
  }
  for (int64_t plane = 0; plane < in.planes; plane++) {
    for (int64_t ky = 0; ky < kernelHeight; ky++) {
      pieces.push_back({plane * in.plane() + ky * in.paddedWidth * in.channels,
                        (plane * kernelHeight + ky) * length * lanes});
    }
  }
}

Desc TiledConvolution::source() const {
  const Tag tag = there_.in.channels == 1 ? Tag::nchw : Tag::nChw8c;
  return Desc(Dims{images_, layer_.input.channels, layer_.input.height, layer_.input.width},
              DataType::f32, tag);
}

Desc TiledConvolution::output() const {
  return Desc(Dims{images_, layer_.output.channels, layer_.output.height, layer_.output.width},
              DataType::f32, Tag::nChw8c);
}

Desc TiledConvolution::weights() const {
  const Tag tag = there_.in.channels == 1 ? Tag::Abcd8a
                  : layer_.groups > 1     ? Tag::gOIhw8i8o
                                          : Tag::OIhw8i8o;
  return Desc(weightDims(layer_), DataType::f32, tag);
}

int64_t TiledConvolution::scratch(int threads) const {
  const int64_t forBack =
      back_ ? layer_.groups * back_->groupWeights + threads * back_->in.size() : 0;
  return std::max(threads * there_.in.size(), forBack);
}

const float* TiledConvolution::Padded::fill(const float* maps, int64_t count,
                                            float* scratch) const {
  if (!isCopy()) return maps;
  const int64_t row = width * channels, paddedRow = paddedWidth * channels,
                left = before[1] * channels;
  for (int64_t p = 0; p < count; p++) {
    float* to = scratch + p * plane();
    to = std::fill_n(to, before[0] * paddedRow, 0.0f);
    for (int64_t y = 0; y < height; y++) {
      to = std::fill_n(to, left, 0.0f);
      to = std::copy_n(maps + (p * height + y) * row, row, to);
      to = std::fill_n(to, paddedRow - left - row, 0.0f);
    }
    std::fill_n(to, (paddedHeight - before[0] - height) * paddedRow, 0.0f);
  }
  return scratch;
}

void TiledConvolution::forward(const float* source, const float* weights, const float* bias,
                               float* output, bool relu, float* scratch) const {
  there_.run(source, weights, bias, output, relu, scratch);
}

void TiledConvolution::back(const float* gradient, const float* weights, float* below,
                            float* scratch) const {
  // Kernels turned round, inputs for outputs: [group][inputs / 8][outputs / 8][height][width][8
  // outputs][8 inputs].
  const int64_t planes = there_.in.planes, blocks = there_.blocks,
                window = layer_.kernel[0] * layer_.kernel[1];
#pragma omp parallel for collapse(3) schedule(static)
  for (int64_t group = 0; group < layer_.groups; group++) {
    for (int64_t plane = 0; plane < planes; plane++) {
      for (int64_t block = 0; block < blocks; block++) {
        const float* from =
            weights + ((group * blocks + block) * planes + plane) * window * lanes * lanes;
        float* to = scratch + ((group * planes + plane) * blocks + block) * window * lanes * lanes;
        for (int64_t tap = 0; tap < window; tap++)
          turn(from + tap * lanes * lanes, to + (window - 1 - tap) * lanes * lanes);
      }
    }
  }
  back_->run(gradient, scratch, nullptr, below, false,
             scratch + layer_.groups * there_.groupWeights);
}

void TiledConvolution::Sweep::run(const float* source, const float* weights, const float* bias,
                                  float* output, bool relu, float* scratch) const {
  // Few images are shared out by channels too.
  const int64_t threads = omp_get_max_threads(), triples = divideUp(blocks, tileBlocks);
  const int64_t parts =
      images >= 4 * threads ? 1 : std::min(triples, divideUp(2 * threads, images));
#pragma omp parallel for collapse(3) schedule(dynamic)
  for (int64_t image = 0; image < images; image++) {
    for (int64_t group = 0; group < groups; group++) {
      for (int64_t part = 0; part < parts; part++) {
        const int64_t first = (image * groups + group) * blocks;
        const float* padded = in.fill(
            source + (image * groups + group) * in.planes * in.height * in.width * in.channels,
            in.planes, scratch + omp_get_thread_num() * in.size());
        runGroup(padded, weights + group * groupWeights,
                 bias == nullptr ? nullptr : bias + group * blocks * lanes,
                 output + first * height * width * lanes, relu, part * triples / parts * tileBlocks,
                 std::min(blocks, (part + 1) * triples / parts * tileBlocks));
      }
    }
  }
}

void TiledConvolution::Sweep::runGroup(const float* source, const float* weights, const float* bias,
                                       float* output, bool relu, int64_t firstBlock,
                                       int64_t lastBlock) const {
  const int64_t outputs = height * width, all = static_cast<int64_t>(pieces.size());
  const int64_t chunk = std::max<int64_t>(
      1, chunkBytes / (length * tileBlocks * lanes * static_cast<int64_t>(sizeof(float))));
  for (int64_t block = firstBlock; block < lastBlock; block += blocksAtOnce(lastBlock - block)) {
    for (int64_t start = 0; start < all; start += chunk) {
      const int64_t count = std::min(chunk, all - start);
      const Ends ends{start == 0, bias == nullptr ? nullptr : bias + block * lanes,
                      relu && start + count == all};
      for (int64_t place = 0; place < outputs; place += tileRows) {
        Tile tile{{},
                  1,
                  weights + block * blockWeights,
                  blockWeights,
                  output + (block * outputs + place) * lanes,
                  lanes,
                  outputs * lanes,
                  std::min<int64_t>(tileRows, outputs - place)};
        for (int64_t row = 0; row < tileRows; row++)
          tile.left[row] =
              source + places[static_cast<size_t>(place + (row < tile.rows ? row : 0))];
        multiplyTile<true>(blocksAtOnce(lastBlock - block), tile, pieces.data() + start, count,
                           length, ends);
      }
    }
  }
}

// Blocked maps are read as they are, and windows' cells outside the map left out; plain ones with
// their zeros.
void TiledConvolution::prepareGradients() {
  const Padded& in = there_.in;
  const bool plain = in.channels == 1;
  const int64_t width = plain ? in.paddedWidth : in.width,
                height = plain ? in.paddedHeight : in.height, kernelWidth = layer_.kernel[1];
  const auto add = [&](int64_t ky, int64_t kx, int64_t target) {
    const auto inside = [&](int axis, int64_t k, int64_t outputs, int64_t cells) {
      const int64_t stride = layer_.stride[axis], first = plain ? -k : layer_.before[axis] - k;
      return std::pair(
          first <= 0 ? 0 : (first + stride - 1) / stride,
          std::min(outputs, cells - 1 + first < 0 ? 0 : (cells - 1 + first) / stride + 1));
    };
    const auto [top, bottom] = inside(0, ky, there_.height, height);
    const auto [leftmost, right] = inside(1, kx, there_.width, width);
    taps_.push_back({{}, 0, target * lanes, top, bottom, leftmost, right - leftmost});
  };
  const auto place = [&](const Taps& taps, int64_t ky, int64_t kx) {
    return ((taps.top * layer_.stride[0] + ky - (plain ? 0 : layer_.before[0])) * width +
            taps.leftmost * layer_.stride[1] + kx - (plain ? 0 : layer_.before[1])) *
           in.channels;
  };
  // Numbers of a window in the order of the weights; all cells of plain maps count for all outputs,
  // so any few of them go together.
  const int64_t window = layer_.kernel[0] * kernelWidth,
                count = plain ? in.planes * window : window * lanes,
                together = plain ? count : lanes;
  for (int64_t i = 0; i < count; i++) {
    const int64_t cell = plain ? i % window : i / lanes, ky = cell / kernelWidth,
                  kx = cell % kernelWidth;
    if (i % together % tileRows == 0) add(ky, kx, i);
    Taps& taps = taps_.back();
    taps.left[taps.count++] = place(taps, ky, kx) + (plain ? i / window * in.plane() : i % lanes);
  }
  for (Taps& taps : taps_) std::fill(taps.left + taps.count, taps.left + tileRows, taps.left[0]);
  for (int64_t y = 0; y < there_.height; y++)
    rows_.push_back({y * layer_.stride[0] * width * in.channels, y * there_.width * lanes});
}

// Threads share what is computed and not the images it is a sum over, so that its bits do not
// depend on their number.
void TiledConvolution::gradients(const float* source, const float* gradient, float* weights,
                                 float* bias, float* scratch) const {
  const int64_t places = there_.height * there_.width, blocks = layer_.groups * there_.blocks;
  const bool plain = there_.in.channels == 1;
  // A thread takes a few planes together, or all taps, so that it reads the gradient less often;
  // but there must be enough for all.
  const int64_t taps = static_cast<int64_t>(taps_.size()), units = plain ? taps : there_.in.planes,
                triples = layer_.groups * divideUp(there_.blocks, tileBlocks);
  const int64_t parts = std::clamp(divideUp(2 * omp_get_max_threads(), triples),
                                   plain ? 1 : divideUp(units, 4), units);
  std::vector<GradientTask> tasks;
  for (int64_t group = 0; group < layer_.groups; group++) {
    for (int64_t block = 0, together; block < there_.blocks; block += together) {
      together = blocksAtOnce(there_.blocks - block);
      for (int64_t part = 0; part < parts; part++) {
        const int64_t first = part * units / parts, last = (part + 1) * units / parts;
        tasks.push_back(plain ? GradientTask{group, block, together, 0, 1, first, last}
                              : GradientTask{group, block, together, first, last, 0, taps});
      }
    }
  }
  std::fill_n(weights, layer_.groups * there_.groupWeights, 0.0f);
  const int64_t count = static_cast<int64_t>(tasks.size());
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; i++)
    addGradients(tasks[static_cast<size_t>(i)], source, gradient, weights,
                 scratch + omp_get_thread_num() * there_.in.size());
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < blocks; b++) {
    Lanes total{};
    for (int64_t n = 0; n < images_; n++) {
      const float* map = gradient + (n * blocks + b) * places * lanes;
      Lanes sum{};
      for (int64_t place = 0; place < places; place++) sum += loadLanes(map + place * lanes);
      total += sum;
    }
    storeLanes(bias + b * lanes, total);
  }
}

void TiledConvolution::addGradients(const GradientTask& task, const float* source,
                                    const float* gradient, float* weights, float* scratch) const {
  const Padded& in = there_.in;
  const bool plain = in.channels == 1;
  const int64_t mapSize = in.height * in.width * in.channels, places = there_.height * there_.width,
                planeWeights = layer_.kernel[0] * layer_.kernel[1] * lanes * lanes;
  const int64_t chunk = std::max<int64_t>(
      1, chunkBytes / (there_.width * tileBlocks * lanes * static_cast<int64_t>(sizeof(float))));
  float* target = weights + task.group * there_.groupWeights + task.block * there_.blockWeights;
  for (int64_t n = 0; n < images_; n++) {
    const float* maps = source + (n * layer_.groups + task.group) * in.planes * mapSize;
    if (plain) maps = in.fill(maps, in.planes, scratch);
    const float* right =
        gradient + ((n * layer_.groups + task.group) * there_.blocks + task.block) * places * lanes;
    for (int64_t y = 0; y < there_.height; y += chunk) {
      for (int64_t plane = task.firstPlane; plane < task.lastPlane; plane++) {
        for (int64_t t = task.firstTaps; t < task.lastTaps; t++) {
          const Taps& taps = taps_[static_cast<size_t>(t)];
          const int64_t start = std::max(y, taps.top), end = std::min(y + chunk, taps.bottom);
          if (start >= end || taps.width <= 0) continue;
          Tile tile{{},
                    layer_.stride[1] * in.channels,
                    right + (start * there_.width + taps.leftmost) * lanes,
                    places * lanes,
                    target + plane * planeWeights + taps.target,
                    lanes,
                    there_.blockWeights,
                    taps.count};
          for (int64_t row = 0; row < tileRows; row++)
            tile.left[row] = maps + plane * mapSize + taps.left[row] +
                             rows_[static_cast<size_t>(start - taps.top)].left;
          multiplyTile<false>(task.blocks, tile, rows_.data(), end - start, taps.width,
                              Ends{false, nullptr, false});
        }
      }
    }
  }
}

}  // namespace alexnet
