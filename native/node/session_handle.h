// What JavaScript sees of a session: a class whose methods turn values into structs and post the
// work.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "layers/session.h"
#include "node/environment.h"

namespace alexnet {

// A prepared session. Every method gives a promise; calls run one after another.
class SessionHandle : public Napi::ObjectWrap<SessionHandle> {
 public:
  // The class itself, for the addon's exports.
  static Napi::Function define(Napi::Env env);

  explicit SessionHandle(const Napi::CallbackInfo& info);

  // Forgotten without dispose(): the memory goes where it is used.
  void Finalize(Napi::BasicEnv) override;

 private:
  // The session is born, used and destroyed on the compute thread.
  struct Held {
    std::unique_ptr<Session> session;
    size_t bytes = 0;
  };

  // A promise of `answer` after `work(session)`.
  template <class Work, class Answer>
  Napi::Value post(const Napi::CallbackInfo& info, std::vector<Napi::Value> values, Work work,
                   Answer answer);
  // The same of `work(session, tell)`, which tells the function `listener`, where it is one, which
  // parameters' gradients are final.
  template <class Work, class Answer>
  Napi::Value postTelling(const Napi::CallbackInfo& info, std::vector<Napi::Value> values,
                          const Napi::Value& listener, Work work, Answer answer);
  // The same, answering with a new array that `work(session, its memory)` fills.
  template <class Work>
  Napi::Value postForArray(const Napi::CallbackInfo& info, std::vector<Napi::Value> values,
                           size_t length, Work work);

  // prepare(description)
  Napi::Value prepare(const Napi::CallbackInfo& info);
  // forward(images, count, size, draw) → outputs, of `size` numbers per image
  Napi::Value forward(const Napi::CallbackInfo& info);
  // gradients(images, labels, count, options, onFinal) → {lossSum, correct, correct5}
  Napi::Value gradients(const Napi::CallbackInfo& info);
  // update(options)
  Napi::Value update(const Napi::CallbackInfo& info);
  // gradientNorm() → number
  Napi::Value gradientNorm(const Napi::CallbackInfo& info);
  // backward(layer, gradient, options, onFinal)
  Napi::Value backward(const Napi::CallbackInfo& info);
  // readActivation(layer, length) → numbers
  Napi::Value readActivation(const Napi::CallbackInfo& info);
  // readActivationGradient(layer, length) → numbers
  Napi::Value readActivationGradient(const Napi::CallbackInfo& info);
  // readParameter(index, part, length) → numbers
  Napi::Value readParameter(const Napi::CallbackInfo& info);
  // writeParameter(index, part, values)
  Napi::Value writeParameter(const Napi::CallbackInfo& info);
  // viewGradient(index) → the gradient's own memory, gone after dispose()
  Napi::Value viewGradient(const Napi::CallbackInfo& info);
  // dispose()
  Napi::Value dispose(const Napi::CallbackInfo& info);

  Environment* environment_ = nullptr;
  std::shared_ptr<Held> held_;
  std::vector<Napi::Reference<Napi::ArrayBuffer>> views_;
};

}  // namespace alexnet
