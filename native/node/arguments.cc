#include "node/arguments.h"

#include <stdexcept>
#include <utility>

namespace alexnet {

namespace {

double number(const Napi::Object& from, const char* key) {
  return from.Get(key).As<Napi::Number>().DoubleValue();
}
int64_t whole(const Napi::Object& from, const char* key) {
  return from.Get(key).As<Napi::Number>().Int64Value();
}
bool flag(const Napi::Object& from, const char* key) {
  return from.Get(key).ToBoolean().Value();
}
std::string text(const Napi::Object& from, const char* key) {
  return from.Get(key).As<Napi::String>().Utf8Value();
}
int64_t item(const Napi::Object& from, const char* key, uint32_t index) {
  return from.Get(key).As<Napi::Array>().Get(index).As<Napi::Number>().Int64Value();
}

template <class T, size_t N>
T choice(const std::string& word, const std::pair<const char*, T> (&choices)[N]) {
  for (const auto& [name, value] : choices) {
    if (word == name) return value;
  }
  throw std::invalid_argument("unknown word \"" + word + "\"");
}

LayerType layerType(const std::string& word) {
  return choice<LayerType>(word, {{"input", LayerType::input},
                                  {"convolution", LayerType::convolution},
                                  {"relu", LayerType::relu},
                                  {"tanh", LayerType::tanh},
                                  {"lrn", LayerType::lrn},
                                  {"maxPool", LayerType::maxPool},
                                  {"averagePool", LayerType::averagePool},
                                  {"adaptiveAveragePool", LayerType::adaptiveAveragePool},
                                  {"dense", LayerType::dense},
                                  {"dropout", LayerType::dropout},
                                  {"softmax", LayerType::softmax}});
}

Shape shape(const Napi::Object& from, const char* key) {
  return {item(from, key, 0), item(from, key, 1), item(from, key, 2)};
}

void window(const Napi::Object& from, LayerDescription& layer) {
  for (uint32_t axis = 0; axis < 2; axis++) {
    layer.kernel[axis] = item(from, "kernel", axis);
    layer.stride[axis] = item(from, "stride", axis);
    layer.before[axis] = item(from, "before", axis);
    layer.after[axis] = item(from, "after", axis);
  }
}

LayerDescription layerDescription(const Napi::Object& from) {
  LayerDescription layer;
  layer.type = layerType(text(from, "type"));
  layer.name = text(from, "name");
  layer.input = shape(from, "input");
  layer.output = shape(from, "output");
  layer.kept = flag(from, "kept");
  layer.frozen = flag(from, "frozen");
  layer.parameter = static_cast<int>(whole(from, "parameter"));
  if (from.Has("kernel")) window(from, layer);
  if (from.Has("groups")) layer.groups = whole(from, "groups");
  if (layer.type == LayerType::lrn) {
    layer.acrossChannels = text(from, "across") == "channels";
    layer.size = whole(from, "size");
    layer.alpha = static_cast<float>(number(from, "alpha"));
    layer.beta = static_cast<float>(number(from, "beta"));
    layer.k = static_cast<float>(number(from, "k"));
  }
  if (layer.type == LayerType::dropout) {
    layer.rate = number(from, "rate");
    layer.scaleInTraining = text(from, "scale") == "train";
    layer.threshold = from.Get("threshold").As<Napi::Number>().Uint32Value();
    layer.ordinal = from.Get("ordinal").As<Napi::Number>().Uint32Value();
  }
  return layer;
}

ReluRule reluRule(const std::string& word) {
  return choice<ReluRule>(word, {{"plain", ReluRule::plain},
                                 {"deconvnet", ReluRule::deconvnet},
                                 {"guided", ReluRule::guided}});
}

}  // namespace

SessionDescription sessionDescription(const Napi::Object& from) {
  SessionDescription description;
  const auto layers = from.Get("layers").As<Napi::Array>();
  for (uint32_t i = 0; i < layers.Length(); i++)
    description.layers.push_back(layerDescription(layers.Get(i).As<Napi::Object>()));
  description.batch = whole(from, "batch");
  description.mode = choice<Mode>(text(from, "mode"), {{"inference", Mode::inference},
                                                       {"inspection", Mode::inspection},
                                                       {"training", Mode::training}});
  description.bf16 = text(from, "precision") == "bf16";
  description.threads = static_cast<int>(whole(from, "threads"));
  description.memoryLimit = number(from, "memoryLimit");
  return description;
}

Draw drawOf(const Napi::Value& from) {
  Draw draw;
  if (!from.IsObject()) return draw;
  const auto given = from.As<Napi::Object>();
  draw.present = true;
  draw.seed = static_cast<uint64_t>(whole(given, "seed"));
  draw.step = given.Get("step").As<Napi::Number>().Uint32Value();
  draw.firstImage = static_cast<uint64_t>(whole(given, "firstImage"));
  return draw;
}

GradientOptions gradientOptions(const Napi::Object& from) {
  return {.draw = drawOf(from.Get("draw")),
          .labelSmoothing = number(from, "labelSmoothing"),
          .divisor = number(from, "divisor"),
          .accumulate = flag(from, "accumulate"),
          .lowest = static_cast<int>(whole(from, "lowest"))};
}

BackwardOptions backwardOptions(const Napi::Object& from) {
  return {.rule = reluRule(text(from, "relu")),
          .parameters = flag(from, "parameters"),
          .accumulate = flag(from, "accumulate"),
          .lowest = static_cast<int>(whole(from, "lowest"))};
}

UpdateOptions updateOptions(const Napi::Object& from) {
  UpdateOptions options;
  options.momentum = static_cast<float>(number(from, "momentum"));
  options.gradientScale = static_cast<float>(number(from, "gradientScale"));
  const auto parameters = from.Get("parameters").As<Napi::Array>();
  for (uint32_t i = 0; i < parameters.Length(); i++) {
    const auto each = parameters.Get(i).As<Napi::Object>();
    options.parameters.push_back({static_cast<int>(whole(each, "index")),
                                  static_cast<float>(number(each, "rate")),
                                  static_cast<float>(number(each, "decay"))});
  }
  return options;
}

Part part(const Napi::Value& from) {
  return choice<Part>(
      from.As<Napi::String>().Utf8Value(),
      {{"value", Part::value}, {"gradient", Part::gradient}, {"velocity", Part::velocity}});
}

}  // namespace alexnet
