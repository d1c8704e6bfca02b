// Convolution by our own loops over tiles in registers, for CPUs with AVX2 and no more (figures in
// docs/performance.md). There and back a tile's rows are places; for the weights' gradients they
// are taps, cells of a kernel in one channel.
#pragma once

#include <optional>
#include <vector>

#include "description.h"
#include "layout.h"
#include "tile.h"

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
  // No way back through strides, nor to plain maps.
  bool hasBack() const { return back_.has_value(); }

  // The loops' memory, in numbers.
  int64_t scratch(int threads) const;

  void forward(const float* source, const float* weights, const float* bias, float* output,
               bool relu, float* scratch) const;
  void back(const float* gradient, const float* weights, float* below, float* scratch) const;
  // Overwrites weights and bias.
  void gradients(const float* source, const float* gradient, float* weights, float* bias,
                 float* scratch) const;

 private:
  // Maps as the loops read them: with zeros around, so that every window lies inside. In planes of
  // eight channels, or one where they are plain.
  struct Padded {
    int64_t planes, height, width, channels;  // of one group; channels of a plane
    int64_t before[2], paddedHeight, paddedWidth;
    bool isCopy() const { return paddedHeight != height || paddedWidth != width; }
    int64_t plane() const { return paddedHeight * paddedWidth * channels; }
    int64_t size() const { return planes * plane(); }
    // `planes` of them; the maps themselves where nothing is to be added.
    const float* fill(const float* maps, int64_t count, float* scratch) const;
  };

  // Every output place from the places under its window: the way there and, with the kernels turned
  // round, the way back.
  struct Sweep {
    int64_t images, groups, blocks, height, width;  // blocks of output channels in a group
    Padded in;
    int64_t stride[2], kernelHeight;
    int64_t length;  // of a piece, a row of the kernel in one plane
    int64_t groupWeights,
        blockWeights;  // numbers of a group, and from one block of output channels to the next
    std::vector<int64_t> places;  // where each output's window begins
    std::vector<Piece> pieces;    // where each row of the kernel lies in it, and its weights
    void prepare();
    void run(const float* source, const float* weights, const float* bias, float* output, bool relu,
             float* scratch) const;
    void runGroup(const float* source, const float* weights, const float* bias, float* output,
                  bool relu, int64_t firstBlock, int64_t lastBlock) const;
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
  void prepareGradients();
  void addGradients(const GradientTask& task, const float* source, const float* gradient,
                    float* weights, float* scratch) const;

  LayerDescription layer_;
  int64_t images_;
  Sweep there_;
  std::optional<Sweep> back_;
  std::vector<Taps> taps_;  // of a plane; of plain maps, of all
  std::vector<Piece>
      rows_;  // how far on the windows of each row of outputs begin, and the row itself
};

}  // namespace alexnet
