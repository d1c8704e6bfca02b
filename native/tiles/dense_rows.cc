#include "tiles/dense_rows.h"

namespace alexnet {

namespace {

template <int Images, class W>
void rows(const DenseSizes& sizes, const float* in, const W* weights, const float* bias,
          float* out) {
  constexpr int lanes = 32;  // independent sums, so that multiply-adds need not wait for each other
  const int64_t inputs = sizes.inputs, whole = inputs / lanes * lanes;
#pragma omp parallel for schedule(static)
  for (int64_t o = 0; o < sizes.outputs; o++) {
    const W* row = weights + o * inputs;
    float sums[Images][lanes] = {};
    for (int64_t i = 0; i < whole; i += lanes) {
      for (int n = 0; n < Images; n++) {
#pragma omp simd
        for (int lane = 0; lane < lanes; lane++)
          sums[n][lane] += toFloat(row[i + lane]) * in[n * inputs + i + lane];
      }
    }
    for (int n = 0; n < Images; n++) {
      float sum = 0;
      for (int lane = 0; lane < lanes; lane++) sum += sums[n][lane];
      for (int64_t i = whole; i < inputs; i++) sum += toFloat(row[i]) * in[n * inputs + i];
      sum += bias[o];
      out[n * sizes.outputs + o] = sizes.relu && !(sum > 0) ? 0 : sum;
    }
  }
}

}  // namespace

template <class W>
void denseRows(const DenseSizes& sizes, const float* in, const W* weights, const float* bias,
               float* out) {
  switch (sizes.images) {
    case 1:
      return rows<1>(sizes, in, weights, bias, out);
    case 2:
      return rows<2>(sizes, in, weights, bias, out);
    case 3:
      return rows<3>(sizes, in, weights, bias, out);
    default:
      return rows<4>(sizes, in, weights, bias, out);
  }
}

template void denseRows(const DenseSizes&, const float*, const float*, const float*, float*);
template void denseRows(const DenseSizes&, const float*, const BFloat16*, const float*, float*);

}  // namespace alexnet
