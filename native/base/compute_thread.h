// The one thread on which everything is computed. An OpenMP team belongs to the thread that calls
// it: on libuv's pool several teams would fight over the cores, and on the event loop nothing else
// could happen.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace alexnet {

class ComputeThread {
 public:
  // Started at the first use and never ended: what it computes may outlive every JavaScript
  // environment but one.
  static ComputeThread& instance();

  // Runs `work` after everything posted before. `owner` is who can take it back.
  void post(const void* owner, std::function<void()> work);
  // Forgets what this owner posted and has not begun, and waits for what has.
  void abandon(const void* owner);

 private:
  struct Job {
    const void* owner;
    std::function<void()> work;
  };
  ComputeThread();
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  const void* running_ = nullptr;
};

}  // namespace alexnet
