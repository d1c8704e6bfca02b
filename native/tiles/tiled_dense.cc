#include "tiles/tiled_dense.h"

#include <omp.h>

#include <algorithm>

#include "base/dims.h"

namespace alexnet {

namespace {

// Factors taken at once: a tile's right ones stay in the first-level cache, all images' left ones
// in the second.
constexpr int64_t depth = 256;
// Columns that share a reading of all images' left factors.
constexpr int64_t columnsTogether = 3 * tileBlocks * lanes;
// Rows of the weights' gradients that share a transposed piece of all images.
constexpr int64_t rowsTogether = 12 * tileRows;

int64_t roundUp(int64_t count, int64_t to) {
  return (count + to - 1) / to * to;
}

// (images, width) cut into [width / depth][images][depth], so that rows do not lie multiples of 4
// KiB apart, which caches dislike.
void cut(const float* rows, int64_t images, int64_t width, float* to) {
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t start = 0; start < width; start += depth) {
    for (int64_t n = 0; n < images; n++)
      std::copy_n(rows + n * width + start, std::min(depth, width - start),
                  to + start * images + n * depth);
  }
}

// out[image][block][8] over images and over blocks of eight columns, of `length` factors each.
// Steps are in numbers.
struct Product {
  const float* left;  // as cut() leaves it
  const float* right;
  int64_t rightBlock;  // to the next eight columns
  float* out;
  int64_t outStep;  // to the next image
  int64_t images, blocks, length;
};

void multiply(const Product& product, const Ends& ends) {
  const auto& [left, right, rightBlock, out, outStep, images, blocks, length] = product;
  const Piece all{0, 0};
  for (int64_t block = 0; block < blocks; block += blocksAtOnce(blocks - block)) {
    for (int64_t n = 0; n < images; n += tileRows) {
      Tile tile{.left = {},
                .leftStep = 1,
                .right = right + block * rightBlock,
                .rightBlock = rightBlock,
                .out = out + n * outStep + block * lanes,
                .outStep = outStep,
                .outBlock = lanes,
                .rows = std::min<int64_t>(tileRows, images - n)};
      for (int64_t row = 0; row < tileRows; row++)
        tile.left[row] = left + (n + (row < tile.rows ? row : 0)) * depth;
      const Ends here{.fresh = ends.fresh,
                      .bias = ends.bias == nullptr ? nullptr : ends.bias + block * lanes,
                      .relu = ends.relu};
      multiplyTile<true>(blocksAtOnce(blocks - block), tile, &all, 1, length, here);
    }
  }
}

}  // namespace

std::optional<TiledDense> TiledDense::of(const LayerDescription& layer, int64_t images) {
  if (!wantsTiles() || layer.input.channels % lanes != 0 || layer.output.channels % lanes != 0)
    return std::nullopt;
  return TiledDense(layer, images);
}

Desc TiledDense::source() const {
  return Desc(mapDims(images_, layer_.input), DataType::f32,
              isVector(layer_.input) ? Tag::nchw : Tag::nChw8c);
}

Desc TiledDense::output() const {
  return Desc(Dims{images_, outputs_, 1, 1}, DataType::f32, Tag::nchw);
}

// [outputs / 8][inputs, in the order of source()][8]
Desc TiledDense::weights() const {
  const Desc blocked(Dims{outputs_, layer_.input.channels, layer_.input.height, layer_.input.width},
                     DataType::f32, Tag::OIhw8i8o);
  return blocked.reshape(weightDims(layer_));
}

int64_t TiledDense::scratch(int threads) const {
  const int64_t longest = std::max(inputs_, outputs_);
  return images_ * roundUp(longest, depth) +
         threads * std::max(columnsTogether * depth, rowsTogether * images_);
}

void TiledDense::forward(const float* source, const float* weights, const float* bias,
                         float* output, bool relu, float* scratch) const {
  cut(source, images_, inputs_, scratch);
#pragma omp parallel for schedule(dynamic)
  for (int64_t column = 0; column < outputs_; column += columnsTogether) {
    const int64_t blocks = std::min(columnsTogether, outputs_ - column) / lanes;
    for (int64_t start = 0; start < inputs_; start += depth) {
      const int64_t length = std::min(depth, inputs_ - start);
      multiply(
          {.left = scratch + start * images_,
           .right = weights + column * inputs_ + start * lanes,
           .rightBlock = inputs_ * lanes,
           .out = output + column,
           .outStep = outputs_,
           .images = images_,
           .blocks = blocks,
           .length = length},
          {.fresh = start == 0, .bias = bias + column, .relu = relu && start + length == inputs_});
    }
  }
}

void TiledDense::backward(const float* gradient, const float* weights, float* below,
                          float* scratch) const {
  cut(gradient, images_, outputs_, scratch);
  float* transposed = scratch + images_ * roundUp(outputs_, depth);
#pragma omp parallel for schedule(dynamic)
  for (int64_t column = 0; column < inputs_; column += columnsTogether) {
    const int64_t blocks = std::min(columnsTogether, inputs_ - column) / lanes;
    float* right = transposed + omp_get_thread_num() * columnsTogether * depth;
    for (int64_t start = 0; start < outputs_; start += depth) {
      const int64_t length = std::min(depth, outputs_ - start);
      // [block][output][8 inputs] from [output / 8][input][8 outputs].
      for (int64_t output = 0; output < length; output += lanes) {
        for (int64_t block = 0; block < blocks; block++) {
          transpose(weights + (start + output) * inputs_ + (column + block * lanes) * lanes,
                    right + block * depth * lanes + output * lanes);
        }
      }
      multiply({.left = scratch + start * images_,
                .right = right,
                .rightBlock = depth * lanes,
                .out = below + column,
                .outStep = inputs_,
                .images = images_,
                .blocks = blocks,
                .length = length},
               {.fresh = start == 0, .bias = nullptr, .relu = false});
    }
  }
}

void TiledDense::gradients(const float* source, const float* gradient, float* weights, float* bias,
                           float* scratch) const {
  // [outputs / 8][image][8], and each one's sum.
  float* right = scratch;
#pragma omp parallel for schedule(static)
  for (int64_t output = 0; output < outputs_; output += lanes) {
    Lanes sum{};
    for (int64_t n = 0; n < images_; n++) {
      const Lanes values = loadLanes(gradient + n * outputs_ + output);
      storeLanes(right + output * images_ + n * lanes, values);
      sum += values;
    }
    storeLanes(bias + output, sum);
  }
  float* transposed = scratch + images_ * outputs_;
  const Piece all{0, 0};
#pragma omp parallel for schedule(dynamic)
  for (int64_t first = 0; first < inputs_; first += rowsTogether) {
    const int64_t count = std::min(rowsTogether, inputs_ - first);
    float* left = transposed + omp_get_thread_num() * rowsTogether * images_;
    for (int64_t n = 0; n < images_; n++) {
      for (int64_t i = 0; i < count; i++) left[i * images_ + n] = source[n * inputs_ + first + i];
    }
    for (int64_t output = 0; output < outputs_;) {
      const int64_t blocks = blocksAtOnce((outputs_ - output) / lanes);
      for (int64_t i = 0; i < count; i += tileRows) {
        Tile tile{.left = {},
                  .leftStep = 1,
                  .right = right + output * images_,
                  .rightBlock = images_ * lanes,
                  .out = weights + output * inputs_ + (first + i) * lanes,
                  .outStep = lanes,
                  .outBlock = inputs_ * lanes,
                  .rows = std::min<int64_t>(tileRows, count - i)};
        for (int64_t row = 0; row < tileRows; row++)
          tile.left[row] = left + (i + (row < tile.rows ? row : 0)) * images_;
        multiplyTile<true>(blocks, tile, &all, 1, images_,
                           {.fresh = true, .bias = nullptr, .relu = false});
      }
      output += blocks * lanes;
    }
  }
}

}  // namespace alexnet
