// What JavaScript sees: functions and one class, each a few lines that turn values into structs and
// post the work.
#include <napi.h>

#include <memory>

#include "arguments.h"
#include "environment.h"
#include "peak.h"
#include "session.h"

namespace alexnet {

namespace {

const float* floats(const Napi::Value& array) {
  return array.As<Napi::Float32Array>().Data();
}

// A prepared session. Every method gives a promise; calls run one after another.
class SessionHandle : public Napi::ObjectWrap<SessionHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Session",
        {InstanceMethod<&SessionHandle::prepare>("prepare"),
         InstanceMethod<&SessionHandle::forward>("forward"),
         InstanceMethod<&SessionHandle::gradients>("gradients"),
         InstanceMethod<&SessionHandle::update>("update"),
         InstanceMethod<&SessionHandle::gradientNorm>("gradientNorm"),
         InstanceMethod<&SessionHandle::backward>("backward"),
         InstanceMethod<&SessionHandle::readActivation>("readActivation"),
         InstanceMethod<&SessionHandle::readActivationGradient>("readActivationGradient"),
         InstanceMethod<&SessionHandle::readParameter>("readParameter"),
         InstanceMethod<&SessionHandle::writeParameter>("writeParameter"),
         InstanceMethod<&SessionHandle::dispose>("dispose")});
  }

  explicit SessionHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<SessionHandle>(info), held_(std::make_shared<Held>()) {}

  // Forgotten without dispose(): the memory goes where it is used.
  void Finalize(Napi::BasicEnv) override {
    if (environment_ != nullptr && !environment_->ending())
      environment_->runUnwatched([held = held_] { held->session.reset(); });
  }

 private:
  // The session is born, used and destroyed on the compute thread.
  struct Held {
    std::unique_ptr<Session> session;
    size_t bytes = 0;
  };

  // A promise of `answer` after `work(session)`.
  template <class Work, class Answer>
  Napi::Value post(const Napi::CallbackInfo& info, std::vector<Napi::Value> values, Work work,
                   Answer answer) {
    values.push_back(info.This());
    return environment_->run(
        values,
        [held = held_, work] {
          work(*held->session);
          held->bytes = held->session->bytes();
        },
        answer);
  }

  // The same, answering with a new array that `work(session, its memory)` fills.
  template <class Work>
  Napi::Value postForArray(const Napi::CallbackInfo& info, std::vector<Napi::Value> values,
                           size_t length, Work work) {
    Napi::Float32Array array = Napi::Float32Array::New(info.Env(), length);
    values.push_back(array);
    auto kept = std::make_shared<Napi::ObjectReference>(Napi::Persistent(array.As<Napi::Object>()));
    return post(
        info, values, [work, out = array.Data()](Session& session) { work(session, out); },
        [kept](Napi::Env) { return kept->Value(); });
  }

  static Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

  // prepare(description)
  Napi::Value prepare(const Napi::CallbackInfo& info) {
    environment_ = &Environment::of(info.Env());
    const auto description =
        std::make_shared<SessionDescription>(sessionDescription(info[0].As<Napi::Object>()));
    return environment_->run(
        {info.This()},
        [held = held_, description, environment = environment_] {
          held->session = std::make_unique<Session>(*description, environment->ending());
          held->bytes = held->session->bytes();
        },
        [held = held_](Napi::Env env) {
          return Napi::Number::New(env, static_cast<double>(held->bytes));
        });
  }

  // forward(images, count, classes) → probabilities
  Napi::Value forward(const Napi::CallbackInfo& info) {
    const int64_t count = info[1].As<Napi::Number>().Int64Value(),
                  classes = info[2].As<Napi::Number>().Int64Value();
    return postForArray(info, {info[0]}, static_cast<size_t>(count * classes),
                        [images = floats(info[0]), count](Session& session, float* out) {
                          session.forward(images, count, out);
                        });
  }

  // gradients(images, labels, count, options) → {lossSum, correct, correct5}
  Napi::Value gradients(const Napi::CallbackInfo& info) {
    const int32_t* labels = info[1].As<Napi::Int32Array>().Data();
    const int64_t count = info[2].As<Napi::Number>().Int64Value();
    const GradientOptions options = gradientOptions(info[3].As<Napi::Object>());
    const auto result = std::make_shared<StepResult>();
    return post(
        info, {info[0], info[1]},
        [=, images = floats(info[0])](Session& session) {
          *result = session.gradients(images, labels, count, options);
        },
        [result](Napi::Env env) {
          const auto object = Napi::Object::New(env);
          object.Set("lossSum", result->lossSum);
          object.Set("correct", static_cast<double>(result->correct));
          object.Set("correct5", static_cast<double>(result->correct5));
          return Napi::Value(object);
        });
  }

  // update(options)
  Napi::Value update(const Napi::CallbackInfo& info) {
    return post(
        info, {},
        [options = updateOptions(info[0].As<Napi::Object>())](Session& session) {
          session.update(options);
        },
        nothing);
  }

  // gradientNorm() → number
  Napi::Value gradientNorm(const Napi::CallbackInfo& info) {
    const auto norm = std::make_shared<double>();
    return post(
        info, {}, [norm](Session& session) { *norm = session.gradientNorm(); },
        [norm](Napi::Env env) { return Napi::Value(Napi::Number::New(env, *norm)); });
  }

  // backward(layer, gradient, rule)
  Napi::Value backward(const Napi::CallbackInfo& info) {
    return post(
        info, {info[1]},
        [layer = info[0].As<Napi::Number>().Int32Value(), gradient = floats(info[1]),
         rule = reluRule(info[2])](Session& session) { session.backward(layer, gradient, rule); },
        nothing);
  }

  // readActivation(layer, length) → numbers
  Napi::Value readActivation(const Napi::CallbackInfo& info) {
    return postForArray(info, {}, info[1].As<Napi::Number>().Uint32Value(),
                        [layer = info[0].As<Napi::Number>().Int32Value()](
                            Session& session, float* out) { session.readActivation(layer, out); });
  }

  // readActivationGradient(layer, length) → numbers
  Napi::Value readActivationGradient(const Napi::CallbackInfo& info) {
    return postForArray(
        info, {}, info[1].As<Napi::Number>().Uint32Value(),
        [layer = info[0].As<Napi::Number>().Int32Value()](Session& session, float* out) {
          session.readActivationGradient(layer, out);
        });
  }

  // readParameter(index, part, length) → numbers
  Napi::Value readParameter(const Napi::CallbackInfo& info) {
    return postForArray(
        info, {}, info[2].As<Napi::Number>().Uint32Value(),
        [index = info[0].As<Napi::Number>().Int32Value(), which = part(info[1])](
            Session& session, float* out) { session.readParameter(index, which, out); });
  }

  // writeParameter(index, part, values)
  Napi::Value writeParameter(const Napi::CallbackInfo& info) {
    return post(
        info, {info[2]},
        [index = info[0].As<Napi::Number>().Int32Value(), which = part(info[1]),
         values = floats(info[2])](Session& session) {
          session.writeParameter(index, which, values);
        },
        nothing);
  }

  // dispose()
  Napi::Value dispose(const Napi::CallbackInfo& info) {
    return environment_->run({info.This()}, [held = held_] { held->session.reset(); }, nothing);
  }

  Environment* environment_ = nullptr;
  std::shared_ptr<Held> held_;
};

// version() → '2.6.3'
Napi::Value version(const Napi::CallbackInfo& info) {
  const dnnl_version_t* found = dnnl_version();
  return Napi::String::New(info.Env(), std::to_string(found->major) + "." +
                                           std::to_string(found->minor) + "." +
                                           std::to_string(found->patch));
}

Napi::Value cpu(const Napi::CallbackInfo& info) {
  const auto object = Napi::Object::New(info.Env());
  object.Set("features", cpuFeatures());
  object.Set("bf16", supportsBf16());
  return object;
}

// peak(threads) → promise of {f32, bf16, memory}: flops, flops and bytes a second
Napi::Value peak(const Napi::CallbackInfo& info) {
  const auto result = std::make_shared<Peak>();
  return Environment::of(info.Env())
      .run(
          {},
          [result, threads = info[0].As<Napi::Number>().Int32Value()] {
            *result = measurePeak(threads);
          },
          [result](Napi::Env env) {
            const auto object = Napi::Object::New(env);
            object.Set("f32", result->f32FlopsPerSecond);
            object.Set("bf16", result->bf16FlopsPerSecond);
            object.Set("memory", result->memoryBytesPerSecond);
            return Napi::Value(object);
          });
}

// stop(): see Environment
void stop(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).stop();
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  exports.Set("Session", SessionHandle::define(env));
  exports.Set("version", Napi::Function::New<version>(env, "version"));
  exports.Set("cpu", Napi::Function::New<cpu>(env, "cpu"));
  exports.Set("peak", Napi::Function::New<peak>(env, "peak"));
  exports.Set("stop", Napi::Function::New<stop>(env, "stop"));
  return exports;
}

}  // namespace

}  // namespace alexnet

Napi::Object initialiseAddon(Napi::Env env, Napi::Object exports) {
  return alexnet::initialise(env, exports);
}
NODE_API_MODULE(alexnet, initialiseAddon)
