// Passes over a parameter's numbers. Sums run in a fixed order, whatever the number of threads.
#pragma once

#include <cstdint>

#include "base/number.h"

namespace alexnet {

// to += from
void addTo(float* to, const float* from, int64_t count);
// What an update multiplies velocities, weights and gradients by.
struct UpdateFactors {
  float momentum, decay, gradient;
};
// v ← momentum·v − decay·w − gradient·g; w ← w + v. Returns whether every w is a finite number
// still.
bool updateParameters(float* w, float* v, const float* g, int64_t count,
                      const UpdateFactors& factors);
bool allFinite(const float* values, int64_t count);
double squareSum(const float* values, int64_t count);

}  // namespace alexnet
