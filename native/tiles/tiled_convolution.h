// Convolution by our own loops over tiles in registers, for CPUs with AVX2 and no more (figures in
// docs/performance.md). Forward and backward a tile's rows are places; for the weights' gradients
// they are taps, cells of a kernel in one channel.
#pragma once

#include <optional>
#include <vector>

#include "base/description.h"
#include "base/layout.h"
#include "tiles/tile.h"

namespace alexnet {

class TiledConvolution {
 public:
  // None where channels do not come in eights, but for images, whose few channels are plain; or
  // where oneDNN is faster.
  static std::optional<TiledConvolution> of(const LayerDescription& layer, int64_t images);

  // How the maps and weights lie.
  Desc source() const;
  Desc output() const;
  Desc weights() const;
  // No backward through strides, nor to plain maps.
  bool hasBackward() const { return backward_.has_value(); }

  // The loops' memory, in numbers.
  int64_t scratch(int threads) const;

  void forward(const float* source, const float* weights, const float* bias, float* output,
               bool relu, float* scratch) const;
  void backward(const float* gradient, const float* weights, float* below, float* scratch) const;
  // Overwrites weights and bias.
  void gradients(const float* source, const float* gradient, float* weights, float* bias,
                 float* scratch) const;

 private:
  // Maps as the loops read them: with zeros around, so that every window lies inside. In planes of
  // eight channels, or one where they are plain.
  struct Padded {
    int64_t planes, height, width;  // of one group
    int64_t channels;               // of a plane
    int64_t before[2], paddedHeight, paddedWidth;
    bool isCopy() const { return paddedHeight != height || paddedWidth != width; }
    int64_t plane() const { return paddedHeight * paddedWidth * channels; }
    int64_t size() const { return planes * plane(); }
    // `planes` of them; the maps themselves where nothing is to be added.
    const float* fill(const float* maps, int64_t count, float* scratch) const;
  };

  struct Operands {
    const float *source, *weights;
    const float* bias;  // nullptr: 0
    float* output;
    bool relu;
  };

  // Every output place from the places under its window: forward and, with
  // the kernels flipped, backward.
  struct Sweep {
    int64_t images, groups;
    int64_t blocks;  // of output channels in a group
    int64_t height, width;
    Padded in;
    int64_t stride[2], kernelHeight;
    int64_t length;        // of a piece, a row of the kernel in one plane
    int64_t groupWeights;  // numbers of a group
    int64_t blockWeights;  // from one block of output channels to the next
    // Made by prepare(): where each output's window begins; where each row of the kernel lies in
    // it, and its weights.
    std::vector<int64_t> places = {};
    std::vector<Piece> pieces = {};
    void prepare();
    void run(const Operands& all, float* scratch) const;
    void runGroup(const Operands& group, int64_t firstBlock, int64_t lastBlock) const;
  };

  // The taps of one tile, and the outputs whose windows have them inside the map: rows from top to
  // bottom, `width` columns from leftmost.
  struct Taps {
    int64_t left[tileRows], count;  // where they lie for the first of these outputs
    int64_t target;                 // where their gradients lie
    int64_t top, bottom, leftmost, width;
  };
  // The gradients that one thread computes, of weights between some planes and some blocks of
  // output channels.
  struct GradientTask {
    int64_t group, block, blocks, firstPlane, lastPlane, firstTaps, lastTaps;
  };

  TiledConvolution(const LayerDescription& layer, int64_t images);
  Sweep forwardSweep() const;
  std::optional<Sweep> backwardSweep() const;
  void prepareGradients();
  std::vector<GradientTask> gradientTasks() const;
  void biasGradients(const float* gradient, float* bias) const;
  void addGradients(const GradientTask& task, const float* source, const float* gradient,
                    float* weights, float* scratch) const;

  LayerDescription layer_;
  int64_t images_;
  Sweep forward_;
  std::optional<Sweep> backward_;
  std::vector<Taps> taps_;  // of a plane; of plain maps, of all
  // How far on the windows of each row of outputs begin, and the row itself.
  std::vector<Piece> rows_;
};

}  // namespace alexnet
