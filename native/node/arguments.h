// From JavaScript values to the structs of description.h, on the event loop, before any other
// thread sees them.
#pragma once

#include <napi.h>

#include "base/description.h"

namespace alexnet {

SessionDescription sessionDescription(const Napi::Object& from);
GradientOptions gradientOptions(const Napi::Object& from);
UpdateOptions updateOptions(const Napi::Object& from);
ReluRule reluRule(const Napi::Value& from);
Part part(const Napi::Value& from);

}  // namespace alexnet
