#include "base/compute_thread.h"

#include <algorithm>
#include <thread>

namespace alexnet {

ComputeThread& ComputeThread::instance() {
  static ComputeThread* thread = new ComputeThread();
  return *thread;
}

ComputeThread::ComputeThread() {
  std::thread(&ComputeThread::loop, this).detach();
}

void ComputeThread::post(const void* owner, std::function<void()> work) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back({owner, std::move(work)});
  }
  changed_.notify_all();
}

void ComputeThread::abandon(const void* owner) {
  std::unique_lock<std::mutex> lock(mutex_);
  jobs_.erase(std::remove_if(jobs_.begin(), jobs_.end(),
                             [owner](const Job& job) { return job.owner == owner; }),
              jobs_.end());
  changed_.wait(lock, [&] { return running_ != owner; });
}

void ComputeThread::loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !jobs_.empty(); });
    {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      running_ = job.owner;
      lock.unlock();
      job.work();
    }  // what the job held is given back before anybody who waits for it goes on
    lock.lock();
    running_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace alexnet
