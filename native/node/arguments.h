// From JavaScript values to the structs of description.h, on the event loop, before any other
// thread sees them.
#pragma once

#include <napi.h>

#include "base/description.h"

namespace alexnet {

SessionDescription sessionDescription(const Napi::Object& from);
Draw drawOf(const Napi::Value& from);  // or none, of undefined
GradientOptions gradientOptions(const Napi::Object& from);
BackwardOptions backwardOptions(const Napi::Object& from);
UpdateOptions updateOptions(const Napi::Object& from);
Part part(const Napi::Value& from);

}  // namespace alexnet
