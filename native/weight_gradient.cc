#include "weight_gradient.h"

#include <algorithm>
#include <vector>

#include "lanes.h"

namespace alexnet {

namespace {

// Steps, in numbers, from one place, row, or block of eight output channels to the next.
struct Steps {
  int64_t sourcePlace, sourceRow, gradientRow, gradientBlock, weight, weightBlock;
};

// Else the compiler reads it anew for every multiply-add, more than the CPU can read.
inline Lanes inRegister(Lanes value) {
#if defined(__AVX__)
  asm("" : "+x"(value));
#endif
  return value;
}

// weights[j][block] += Σ over rows × columns of source[j] · gradient[block], eight output channels at once; source's j lie side by side.
// Twelve sums or fewer, so that they and what feeds them stay in registers.
template <int width, int blocks>
void addTile(const Steps& steps, const float* source, const float* gradient, int64_t rows, int64_t columns, float* weights) {
  Lanes sums[width][blocks];
  for (int j = 0; j < width; j++) {
    for (int b = 0; b < blocks; b++) sums[j][b] = loadLanes(weights + j * steps.weight + b * steps.weightBlock);
  }
  for (int64_t y = 0; y < rows; y++) {
    const float *s = source + y * steps.sourceRow, *g = gradient + y * steps.gradientRow;
    for (int64_t x = 0; x < columns; x++) {
      Lanes factors[blocks];
      for (int b = 0; b < blocks; b++) factors[b] = inRegister(loadLanes(g + b * steps.gradientBlock + x * lanes));
#pragma GCC unroll 4
      for (int j = 0; j < width; j++) {
        const float value = s[x * steps.sourcePlace + j];
#pragma GCC unroll 4
        for (int b = 0; b < blocks; b++) sums[j][b] += value * factors[b];
      }
    }
  }
  for (int j = 0; j < width; j++) {
    for (int b = 0; b < blocks; b++) storeLanes(weights + j * steps.weight + b * steps.weightBlock, sums[j][b]);
  }
}

template <int blocks>
void addTile(int64_t width, const Steps& steps, const float* source, const float* gradient, int64_t rows, int64_t columns, float* weights) {
  switch (width) {
    case 1: return addTile<1, blocks>(steps, source, gradient, rows, columns, weights);
    case 2: return addTile<2, blocks>(steps, source, gradient, rows, columns, weights);
    case 3: return addTile<3, blocks>(steps, source, gradient, rows, columns, weights);
    default: return addTile<4, blocks>(steps, source, gradient, rows, columns, weights);
  }
}

constexpr int64_t tileWidth = 4;

// Outputs along one axis whose window's cell `k` lies inside the map.
struct Inside {
  int64_t start, end;
  Inside(const LayerDescription& layer, int axis, int64_t k, int64_t outputs, int64_t cells) {
    const int64_t stride = layer.stride[axis], first = layer.before[axis] - k;
    start = first <= 0 ? 0 : (first + stride - 1) / stride;
    end = std::min(outputs, cells - 1 + first < 0 ? 0 : (cells - 1 + first) / stride + 1);
  }
};

bool onlyAvx2() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx2 || isa == dnnl::cpu_isa::avx2_vnni;
}

// Whether every window lies inside the maps.
bool unpadded(const LayerDescription& layer) {
  return layer.before[0] == 0 && layer.before[1] == 0 && layer.after[0] <= 0 && layer.after[1] <= 0;
}

}  // namespace

WeightGradient::WeightGradient(const LayerDescription& layer, Layout in, Layout out)
    : layer_(&layer), in_(in), out_(out), inBlocks_(in.blocks() / layer.groups), outBlocks_(out.blocks() / layer.groups) {}

std::optional<WeightGradient> WeightGradient::of(const LayerDescription& layer, int64_t images, const Desc& source, const Desc& gradient, const Desc& weights) {
  const Dims inDims{images, layer.input.channels, layer.input.height, layer.input.width}, outDims{images, layer.output.channels, layer.output.height, layer.output.width};
  const auto in = layoutOf(source, inDims, DataType::f32), out = layoutOf(gradient, outDims, DataType::f32);
  if (!onlyAvx2() || wantsReference() || !in || !out || out->block != lanes || out->channels % (layer.groups * lanes) != 0) return std::nullopt;
  const int64_t groups = layer.groups, outputs = layer.output.channels / groups, inputs = layer.input.channels / groups, height = layer.kernel[0], width = layer.kernel[1];
  const auto is = [&](Tag grouped, Tag single) {
    return weights == (groups > 1 ? Desc(Dims{groups, outputs, inputs, height, width}, DataType::f32, grouped) : Desc(Dims{outputs, inputs, height, width}, DataType::f32, single));
  };
  const bool blocked = in->block == lanes && inputs % lanes == 0 && is(Tag::gOIhw8i8o, Tag::OIhw8i8o);
  const bool plain = in->block == 1 && groups == 1 && unpadded(layer) && is(Tag::gOhwi8o, Tag::Ohwi8o);
  return blocked || plain ? std::optional(WeightGradient(layer, *in, *out)) : std::nullopt;
}

// Rows of the gradient are taken a few at a time, so that they stay in the first-level cache for all places of the kernel.
template <int blocks>
void WeightGradient::runTask(const Task& task, const float* source, const float* gradient, float* weights) const {
  const LayerDescription& layer = *layer_;
  const int64_t height = layer.kernel[0], width = layer.kernel[1], block = in_.block, inputs = in_.channels / layer.groups;
  const bool plain = block == 1;
  const Steps steps{layer.stride[1] * block, layer.stride[0] * in_.width * block, out_.width * lanes, out_.places() * lanes, plain ? inputs * lanes : lanes,
                    height * width * lanes * (plain ? inputs : inBlocks_ * lanes)};
  float* target = weights + (task.group * outBlocks_ + task.block) * steps.weightBlock + task.unit * (plain ? lanes : height * width * lanes * lanes);
  const int64_t chunk = std::max<int64_t>(1, (16 << 10) / (blocks * out_.width * lanes * static_cast<int64_t>(sizeof(float))));
  for (int64_t n = 0; n < out_.images; n++) {
    const float* map = source + (n * in_.blocks() + task.group * inBlocks_ + task.unit) * in_.places() * block;
    const float* maps = gradient + (n * out_.blocks() + task.group * outBlocks_ + task.block) * out_.places() * lanes;
    for (int64_t top = 0; top < out_.height; top += chunk) {
      for (int64_t ky = 0; ky < height; ky++) {
        const Inside rows(layer, 0, ky, out_.height, in_.height);
        const int64_t start = std::max(top, rows.start), end = std::min({top + chunk, rows.end, out_.height});
        if (start >= end) continue;
        const float* sourceRow = map + (start * layer.stride[0] + ky - layer.before[0]) * in_.width * block;
        // Of blocked maps eight channels at every place of the kernel, of a plain one the places of a kernel's row.
        for (int64_t kx = 0; kx < width; kx += plain ? tileWidth : 1) {
          const Inside columns(layer, 1, kx, out_.width, in_.width);
          const int64_t last = plain ? out_.width : columns.end;
          if (columns.start >= last) continue;
          const float* s = sourceRow + (columns.start * layer.stride[1] + kx - layer.before[1]) * block;
          const float* g = maps + (start * out_.width + columns.start) * lanes;
          float* w = target + (ky * width + kx) * (plain ? inputs * lanes : lanes * lanes);
          const int64_t sideBySide = plain ? std::min(tileWidth, width - kx) : lanes;
          for (int64_t j = 0; j < sideBySide; j += tileWidth) {
            addTile<blocks>(sideBySide - j, steps, s + j, g, end - start, last - columns.start, w + j * steps.weight);
          }
        }
      }
    }
  }
}

void WeightGradient::biasOf(const float* gradient, float* bias) const {
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < out_.blocks(); b++) {
    Lanes total{};
    for (int64_t n = 0; n < out_.images; n++) {
      const float* map = gradient + (n * out_.blocks() + b) * out_.places() * lanes;
      Lanes sum{};
      for (int64_t place = 0; place < out_.places(); place++) sum += loadLanes(map + place * lanes);
      total += sum;
    }
    storeLanes(bias + b * lanes, total);
  }
}

void WeightGradient::run(const float* source, const float* gradient, float* weights, float* bias) const {
  const int64_t groups = layer_->groups, numbers = out_.channels * in_.channels / groups * layer_->kernel[0] * layer_->kernel[1];
  std::vector<Task> tasks;
  for (int64_t group = 0; group < groups; group++) {
    for (int64_t block = 0; block < outBlocks_;) {
      // Threes, and twos where a single one would be left.
      const int64_t left = outBlocks_ - block, blocks = left == 4 || left == 2 ? 2 : std::min<int64_t>(3, left);
      for (int64_t unit = 0; unit < inBlocks_; unit++) tasks.push_back({group, block, blocks, unit});
      block += blocks;
    }
  }
  std::fill_n(weights, numbers, 0.0f);
  const int64_t count = static_cast<int64_t>(tasks.size());
#pragma omp parallel for schedule(dynamic)
  for (int64_t i = 0; i < count; i++) {
    const Task& task = tasks[static_cast<size_t>(i)];
    switch (task.blocks) {
      case 1: runTask<1>(task, source, gradient, weights); break;
      case 2: runTask<2>(task, source, gradient, weights); break;
      default: runTask<3>(task, source, gradient, weights);
    }
  }
  biasOf(gradient, bias);
}

}  // namespace alexnet
