#include "node/session_handle.h"

#include <utility>

#include "node/arguments.h"

namespace alexnet {

namespace {

const float* floats(const Napi::Value& array) {
  return array.As<Napi::Float32Array>().Data();
}

Napi::Value nothing(Napi::Env env) {
  return env.Undefined();
}

}  // namespace

Napi::Function SessionHandle::define(Napi::Env env) {
  return DefineClass(
      env, "Session",
      {
          InstanceMethod<&SessionHandle::prepare>("prepare"),
          InstanceMethod<&SessionHandle::forward>("forward"),
          InstanceMethod<&SessionHandle::gradients>("gradients"),
          InstanceMethod<&SessionHandle::update>("update"),
          InstanceMethod<&SessionHandle::gradientNorm>("gradientNorm"),
          InstanceMethod<&SessionHandle::backward>("backward"),
          InstanceMethod<&SessionHandle::readActivation>("readActivation"),
          InstanceMethod<&SessionHandle::readActivationGradient>("readActivationGradient"),
          InstanceMethod<&SessionHandle::readParameter>("readParameter"),
          InstanceMethod<&SessionHandle::writeParameter>("writeParameter"),
          InstanceMethod<&SessionHandle::viewGradient>("viewGradient"),
          InstanceMethod<&SessionHandle::dispose>("dispose"),
      });
}

SessionHandle::SessionHandle(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SessionHandle>(info), held_(std::make_shared<Held>()) {}

void SessionHandle::Finalize(Napi::BasicEnv) {
  if (environment_ != nullptr && !environment_->ending())
    environment_->runUnwatched([held = held_] { held->session.reset(); });
}

template <class Work, class Answer>
Napi::Value SessionHandle::post(const Napi::CallbackInfo& info, std::vector<Napi::Value> values,
                                Work work, Answer answer) {
  return postTelling(
      info, std::move(values), info.Env().Undefined(),
      [work](Session& session, const Environment::Tell&) { work(session); }, answer);
}

template <class Work, class Answer>
Napi::Value SessionHandle::postTelling(const Napi::CallbackInfo& info,
                                       std::vector<Napi::Value> values, const Napi::Value& listener,
                                       Work work, Answer answer) {
  values.push_back(info.This());
  return environment_->runTelling(
      values, listener,
      [held = held_, work](const Environment::Tell& tell) {
        work(*held->session, tell);
        held->bytes = held->session->bytes();
      },
      answer);
}

template <class Work>
Napi::Value SessionHandle::postForArray(const Napi::CallbackInfo& info,
                                        std::vector<Napi::Value> values, size_t length, Work work) {
  Napi::Float32Array array = Napi::Float32Array::New(info.Env(), length);
  values.push_back(array);
  auto kept = std::make_shared<Napi::ObjectReference>(Napi::Persistent(array.As<Napi::Object>()));
  return post(
      info, values, [work, out = array.Data()](Session& session) { work(session, out); },
      [kept](Napi::Env) { return kept->Value(); });
}

Napi::Value SessionHandle::prepare(const Napi::CallbackInfo& info) {
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

Napi::Value SessionHandle::forward(const Napi::CallbackInfo& info) {
  const int64_t count = info[1].As<Napi::Number>().Int64Value(),
                size = info[2].As<Napi::Number>().Int64Value();
  return postForArray(
      info, {info[0]}, static_cast<size_t>(count * size),
      [images = floats(info[0]), count, draw = drawOf(info[3])](Session& session, float* out) {
        session.forward(images, count, draw, out);
      });
}

Napi::Value SessionHandle::gradients(const Napi::CallbackInfo& info) {
  const int32_t* labels = info[1].As<Napi::Int32Array>().Data();
  const int64_t count = info[2].As<Napi::Number>().Int64Value();
  const GradientOptions options = gradientOptions(info[3].As<Napi::Object>());
  const auto result = std::make_shared<StepResult>();
  return postTelling(
      info, {info[0], info[1]}, info[4],
      [=, images = floats(info[0])](Session& session, const Environment::Tell& tell) {
        *result = session.gradients(images, labels, count, options, tell);
      },
      [result](Napi::Env env) {
        const auto object = Napi::Object::New(env);
        object.Set("lossSum", result->lossSum);
        object.Set("correct", static_cast<double>(result->correct));
        object.Set("correct5", static_cast<double>(result->correct5));
        return Napi::Value(object);
      });
}

Napi::Value SessionHandle::update(const Napi::CallbackInfo& info) {
  return post(
      info, {},
      [options = updateOptions(info[0].As<Napi::Object>())](Session& session) {
        session.update(options);
      },
      nothing);
}

Napi::Value SessionHandle::gradientNorm(const Napi::CallbackInfo& info) {
  const auto norm = std::make_shared<double>();
  return post(
      info, {}, [norm](Session& session) { *norm = session.gradientNorm(); },
      [norm](Napi::Env env) { return Napi::Value(Napi::Number::New(env, *norm)); });
}

Napi::Value SessionHandle::backward(const Napi::CallbackInfo& info) {
  return postTelling(
      info, {info[1]}, info[3],
      [layer = info[0].As<Napi::Number>().Int32Value(), gradient = floats(info[1]),
       options = backwardOptions(info[2].As<Napi::Object>())](Session& session,
                                                              const Environment::Tell& tell) {
        session.backward(layer, gradient, options, tell);
      },
      nothing);
}

Napi::Value SessionHandle::readActivation(const Napi::CallbackInfo& info) {
  return postForArray(info, {}, info[1].As<Napi::Number>().Uint32Value(),
                      [layer = info[0].As<Napi::Number>().Int32Value()](
                          Session& session, float* out) { session.readActivation(layer, out); });
}

Napi::Value SessionHandle::readActivationGradient(const Napi::CallbackInfo& info) {
  return postForArray(
      info, {}, info[1].As<Napi::Number>().Uint32Value(),
      [layer = info[0].As<Napi::Number>().Int32Value()](Session& session, float* out) {
        session.readActivationGradient(layer, out);
      });
}

Napi::Value SessionHandle::readParameter(const Napi::CallbackInfo& info) {
  return postForArray(
      info, {}, info[2].As<Napi::Number>().Uint32Value(),
      [index = info[0].As<Napi::Number>().Int32Value(), which = part(info[1])](
          Session& session, float* out) { session.readParameter(index, which, out); });
}

Napi::Value SessionHandle::writeParameter(const Napi::CallbackInfo& info) {
  return post(
      info, {info[2]},
      [index = info[0].As<Napi::Number>().Int32Value(), which = part(info[1]),
       values = floats(info[2])](Session& session) {
        session.writeParameter(index, which, values);
      },
      nothing);
}

// The memory is the views' as much as the session's, so that a view that is still there when the
// session was forgotten reads old numbers and nothing worse.
Napi::Value SessionHandle::viewGradient(const Napi::CallbackInfo& info) {
  const auto memory = std::make_shared<std::shared_ptr<const Buffer>>();
  const auto self =
      std::make_shared<Napi::ObjectReference>(Napi::Persistent(info.This().As<Napi::Object>()));
  return post(
      info, {},
      [memory, index = info[0].As<Napi::Number>().Int32Value()](Session& session) {
        *memory = session.gradientMemory(index);
      },
      [this, self, memory](Napi::Env env) {
        using Owner = std::shared_ptr<const Buffer>;
        auto owner = std::make_unique<Owner>(*memory);
        const size_t bytes = (*owner)->bytes();
        const auto buffer = Napi::ArrayBuffer::New(
            env, (*owner)->data(), bytes, [](Napi::BasicEnv, void*, Owner* mine) { delete mine; },
            owner.get());
        owner.release();
        views_.push_back(Napi::Persistent(buffer));
        return Napi::Value(Napi::Float32Array::New(env, bytes / sizeof(float), buffer, 0));
      });
}

Napi::Value SessionHandle::dispose(const Napi::CallbackInfo& info) {
  for (const auto& view : views_) view.Value().Detach();
  views_.clear();
  return environment_->run({info.This()}, [held = held_] { held->session.reset(); }, nothing);
}

}  // namespace alexnet
