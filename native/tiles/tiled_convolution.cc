#include "tiles/tiled_convolution.h"

#include <omp.h>

#include <algorithm>

#include "base/dims.h"

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
  forward_ = forwardSweep();
  forward_.prepare();
  prepareGradients();
  backward_ = backwardSweep();
  if (backward_) backward_->prepare();
}

TiledConvolution::Sweep TiledConvolution::forwardSweep() const {
  const int64_t inputs = layer_.input.channels / layer_.groups,
                blocks = layer_.output.channels / layer_.groups / lanes,
                window = layer_.kernel[0] * layer_.kernel[1];
  const int64_t channels = inputs % lanes == 0 ? lanes : 1;
  const Shape &in = layer_.input, &out = layer_.output;
  return {
      .images = images_,
      .groups = layer_.groups,
      .blocks = blocks,
      .height = out.height,
      .width = out.width,
      .in = {.planes = inputs / channels,
             .height = in.height,
             .width = in.width,
             .channels = channels,
             .before = {layer_.before[0], layer_.before[1]},
             .paddedHeight = layer_.before[0] + in.height + std::max<int64_t>(0, layer_.after[0]),
             .paddedWidth = layer_.before[1] + in.width + std::max<int64_t>(0, layer_.after[1])},
      .stride = {layer_.stride[0], layer_.stride[1]},
      .kernelHeight = layer_.kernel[0],
      .length = layer_.kernel[1] * channels,
      .groupWeights = blocks * inputs * window * lanes,
      .blockWeights = inputs * window * lanes};
}

// Over the gradient with the zeros around it that let every window end in it.
std::optional<TiledConvolution::Sweep> TiledConvolution::backwardSweep() const {
  const int64_t height = layer_.kernel[0], width = layer_.kernel[1],
                outputs = layer_.output.channels / layer_.groups;
  const int64_t before[] = {height - 1 - layer_.before[0], width - 1 - layer_.before[1]};
  const bool plain = forward_.in.channels == 1,
             strided = layer_.stride[0] != 1 || layer_.stride[1] != 1,
             covered = before[0] >= 0 && before[1] >= 0 && layer_.after[0] < height &&
                       layer_.after[1] < width;
  if (plain || strided || !covered) return std::nullopt;
  return Sweep{.images = images_,
               .groups = layer_.groups,
               .blocks = forward_.in.planes,
               .height = layer_.input.height,
               .width = layer_.input.width,
               .in = {.planes = forward_.blocks,
                      .height = layer_.output.height,
                      .width = layer_.output.width,
                      .channels = lanes,
                      .before = {before[0], before[1]},
                      .paddedHeight = layer_.input.height + height - 1,
                      .paddedWidth = layer_.input.width + width - 1},
               .stride = {1, 1},
               .kernelHeight = height,
               .length = width * lanes,
               .groupWeights = forward_.groupWeights,
               .blockWeights = outputs * height * width * lanes};
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
  const Tag tag = forward_.in.channels == 1 ? Tag::nchw : Tag::nChw8c;
  return Desc(mapDims(images_, layer_.input), DataType::f32, tag);
}

Desc TiledConvolution::output() const {
  return Desc(mapDims(images_, layer_.output), DataType::f32, Tag::nChw8c);
}

Desc TiledConvolution::weights() const {
  const Tag blocked = layer_.groups > 1 ? Tag::gOIhw8i8o : Tag::OIhw8i8o;
  const bool plain = forward_.in.channels == 1;
  return Desc(weightDims(layer_), DataType::f32, plain ? Tag::Abcd8a : blocked);
}

int64_t TiledConvolution::scratch(int threads) const {
  const int64_t forBack =
      backward_ ? layer_.groups * backward_->groupWeights + threads * backward_->in.size() : 0;
  return std::max(threads * forward_.in.size(), forBack);
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
  forward_.run({.source = source, .weights = weights, .bias = bias, .output = output, .relu = relu},
               scratch);
}

void TiledConvolution::backward(const float* gradient, const float* weights, float* below,
                                float* scratch) const {
  // Kernels flipped, inputs for outputs: [group][inputs / 8][outputs / 8][height][width][8
  // outputs][8 inputs].
  const int64_t planes = forward_.in.planes, blocks = forward_.blocks,
                window = layer_.kernel[0] * layer_.kernel[1];
#pragma omp parallel for collapse(3) schedule(static)
  for (int64_t group = 0; group < layer_.groups; group++) {
    for (int64_t plane = 0; plane < planes; plane++) {
      for (int64_t block = 0; block < blocks; block++) {
        const float* from =
            weights + ((group * blocks + block) * planes + plane) * window * lanes * lanes;
        float* to = scratch + ((group * planes + plane) * blocks + block) * window * lanes * lanes;
        for (int64_t tap = 0; tap < window; tap++)
          transpose(from + tap * lanes * lanes, to + (window - 1 - tap) * lanes * lanes);
      }
    }
  }
  backward_->run(
      {.source = gradient, .weights = scratch, .bias = nullptr, .output = below, .relu = false},
      scratch + layer_.groups * forward_.groupWeights);
}

void TiledConvolution::Sweep::run(const Operands& all, float* scratch) const {
  // Few images are shared out by channels too.
  const int64_t threads = omp_get_max_threads(), triples = divideUp(blocks, tileBlocks);
  const int64_t parts =
      images >= 4 * threads ? 1 : std::min(triples, divideUp(2 * threads, images));
#pragma omp parallel for collapse(3) schedule(dynamic)
  for (int64_t image = 0; image < images; image++) {
    for (int64_t group = 0; group < groups; group++) {
      for (int64_t part = 0; part < parts; part++) {
        const int64_t map = image * groups + group;
        const float* maps = all.source + map * in.planes * in.height * in.width * in.channels;
        const Operands here{
            .source = in.fill(maps, in.planes, scratch + omp_get_thread_num() * in.size()),
            .weights = all.weights + group * groupWeights,
            .bias = all.bias == nullptr ? nullptr : all.bias + group * blocks * lanes,
            .output = all.output + map * blocks * height * width * lanes,
            .relu = all.relu};
        runGroup(here, part * triples / parts * tileBlocks,
                 std::min(blocks, (part + 1) * triples / parts * tileBlocks));
      }
    }
  }
}

void TiledConvolution::Sweep::runGroup(const Operands& group, int64_t firstBlock,
                                       int64_t lastBlock) const {
  const int64_t outputs = height * width, all = static_cast<int64_t>(pieces.size());
  const int64_t chunk = std::max<int64_t>(
      1, chunkBytes / (length * tileBlocks * lanes * static_cast<int64_t>(sizeof(float))));
  for (int64_t block = firstBlock; block < lastBlock; block += blocksAtOnce(lastBlock - block)) {
    for (int64_t start = 0; start < all; start += chunk) {
      const int64_t count = std::min(chunk, all - start);
      const Ends ends{.fresh = start == 0,
                      .bias = group.bias == nullptr ? nullptr : group.bias + block * lanes,
                      .relu = group.relu && start + count == all};
      for (int64_t place = 0; place < outputs; place += tileRows) {
        Tile tile{.left = {},
                  .leftStep = 1,
                  .right = group.weights + block * blockWeights,
                  .rightBlock = blockWeights,
                  .out = group.output + (block * outputs + place) * lanes,
                  .outStep = lanes,
                  .outBlock = outputs * lanes,
                  .rows = std::min<int64_t>(tileRows, outputs - place)};
        for (int64_t row = 0; row < tileRows; row++)
          tile.left[row] =
              group.source + places[static_cast<size_t>(place + (row < tile.rows ? row : 0))];
        multiplyTile<true>(blocksAtOnce(lastBlock - block), tile, pieces.data() + start, count,
                           length, ends);
      }
    }
  }
}

// Blocked maps are read as they are, and windows' cells outside the map left out; plain ones with
// their zeros.
void TiledConvolution::prepareGradients() {
  const Padded& in = forward_.in;
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
    const auto [top, bottom] = inside(0, ky, forward_.height, height);
    const auto [leftmost, right] = inside(1, kx, forward_.width, width);
    taps_.push_back({.left = {},
                     .count = 0,
                     .target = target * lanes,
                     .top = top,
                     .bottom = bottom,
                     .leftmost = leftmost,
                     .width = right - leftmost});
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
  for (int64_t y = 0; y < forward_.height; y++)
    rows_.push_back({y * layer_.stride[0] * width * in.channels, y * forward_.width * lanes});
}

// Threads share what is computed and not the images it is a sum over, so that its bits do not
// depend on their number.
void TiledConvolution::gradients(const float* source, const float* gradient, float* weights,
                                 float* bias, float* scratch) const {
  const std::vector<GradientTask> tasks = gradientTasks();
  std::fill_n(weights, layer_.groups * forward_.groupWeights, 0.0f);
  const int64_t count = static_cast<int64_t>(tasks.size());
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; i++)
    addGradients(tasks[static_cast<size_t>(i)], source, gradient, weights,
                 scratch + omp_get_thread_num() * forward_.in.size());
  biasGradients(gradient, bias);
}

std::vector<TiledConvolution::GradientTask> TiledConvolution::gradientTasks() const {
  const bool plain = forward_.in.channels == 1;
  // A thread takes a few planes together, or all taps, so that it reads the gradient less often;
  // but there must be enough for all.
  const int64_t taps = static_cast<int64_t>(taps_.size()),
                units = plain ? taps : forward_.in.planes,
                triples = layer_.groups * divideUp(forward_.blocks, tileBlocks);
  const int64_t parts = std::clamp(divideUp(2 * omp_get_max_threads(), triples),
                                   plain ? 1 : divideUp(units, 4), units);
  std::vector<GradientTask> tasks;
  for (int64_t group = 0; group < layer_.groups; group++) {
    for (int64_t block = 0, together; block < forward_.blocks; block += together) {
      together = blocksAtOnce(forward_.blocks - block);
      for (int64_t part = 0; part < parts; part++) {
        const int64_t first = part * units / parts, last = (part + 1) * units / parts;
        tasks.push_back({.group = group,
                         .block = block,
                         .blocks = together,
                         .firstPlane = plain ? 0 : first,
                         .lastPlane = plain ? 1 : last,
                         .firstTaps = plain ? first : 0,
                         .lastTaps = plain ? last : taps});
      }
    }
  }
  return tasks;
}

void TiledConvolution::biasGradients(const float* gradient, float* bias) const {
  const int64_t places = forward_.height * forward_.width, blocks = layer_.groups * forward_.blocks;
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
  const Padded& in = forward_.in;
  const bool plain = in.channels == 1;
  const int64_t mapSize = in.height * in.width * in.channels,
                places = forward_.height * forward_.width,
                planeWeights = layer_.kernel[0] * layer_.kernel[1] * lanes * lanes;
  const int64_t chunk = std::max<int64_t>(
      1, chunkBytes / (forward_.width * tileBlocks * lanes * static_cast<int64_t>(sizeof(float))));
  float* target = weights + task.group * forward_.groupWeights + task.block * forward_.blockWeights;
  for (int64_t n = 0; n < images_; n++) {
    const float* maps = source + (n * layer_.groups + task.group) * in.planes * mapSize;
    if (plain) maps = in.fill(maps, in.planes, scratch);
    const float* right =
        gradient +
        ((n * layer_.groups + task.group) * forward_.blocks + task.block) * places * lanes;
    for (int64_t y = 0; y < forward_.height; y += chunk) {
      for (int64_t plane = task.firstPlane; plane < task.lastPlane; plane++) {
        for (int64_t t = task.firstTaps; t < task.lastTaps; t++) {
          const Taps& taps = taps_[static_cast<size_t>(t)];
          const int64_t start = std::max(y, taps.top), end = std::min(y + chunk, taps.bottom);
          if (start >= end || taps.width <= 0) continue;
          Tile tile{.left = {},
                    .leftStep = layer_.stride[1] * in.channels,
                    .right = right + (start * forward_.width + taps.leftmost) * lanes,
                    .rightBlock = places * lanes,
                    .out = target + plane * planeWeights + taps.target,
                    .outStep = lanes,
                    .outBlock = forward_.blockWeights,
                    .rows = taps.count};
          for (int64_t row = 0; row < tileRows; row++)
            tile.left[row] = maps + plane * mapSize + taps.left[row] +
                             rows_[static_cast<size_t>(start - taps.top)].left;
          multiplyTile<false>(task.blocks, tile, rows_.data(), end - start, taps.width,
                              {.fresh = false, .bias = nullptr, .relu = false});
        }
      }
    }
  }
}

}  // namespace alexnet
