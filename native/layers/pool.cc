// Max- and average-pooling: (N, C, H, W) → (N, C, Y, X). Averages leave padding and overhang out.
#include <algorithm>
#include <memory>

#include "layers/chain.h"
#include "tiles/max_pool.h"

namespace alexnet {

namespace {

void buildMaxPool(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  const PoolWindow window{.kernel = {layer.kernel[0], layer.kernel[1]},
                          .stride = {layer.stride[0], layer.stride[1]},
                          .before = {layer.before[0], layer.before[1]}};
  Slot* input = chain.asKnown(chain.activation(index - 1), at(index), chain.forwardWork(index));
  const Layout in = input->layout().value();
  const Desc inDesc = input->desc, outDesc = describe(in, chain.outputDims(index), input->type);
  Slot* output = chain.activation(index) = chain.output(index, outDesc, input->type);
  // Not what its description says: a map of one place is of every layout at once.
  const Layout out = resized(in, layer.output.height, layer.output.width);
  // Where the maxima stood.
  const auto places =
      std::make_shared<Buffer>(chain.hasBackward() ? static_cast<size_t>(out.elements()) : 0);
  chain.forwardWork(index).push_back([=] {
    withNumbers(in, [&](auto number) {
      using T = decltype(number);
      maxPool(window, in, out, input->numbers<T>(), output->numbers<T>(),
              static_cast<uint8_t*>(places->data()));
    });
  });
  if (!chain.hasBackward()) return;

  chain.buildBackward(index) = [=, &chain, type = input->type] {
    const int now = chain.backwardTime(index);
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.as(chain.gradient(index), outDesc, type, at(now), work);
    Slot* below = chain.gradient(index - 1) = chain.gradientSlot(index - 1, inDesc, type);
    work.push_back([=] {
      withNumbers(in, [&](auto number) {
        using T = decltype(number);
        maxPoolBackward(window, in, out, gradient->numbers<T>(),
                        static_cast<const uint8_t*>(places->data()), below->numbers<T>());
      });
    });
  };
}

void buildOneDnnPool(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  Shared& shared = chain.shared;
  const auto algorithm = layer.type == LayerType::maxPool
                             ? dnnl::algorithm::pooling_max
                             : dnnl::algorithm::pooling_avg_exclude_padding;
  const Dims stride{layer.stride[0], layer.stride[1]}, kernel{layer.kernel[0], layer.kernel[1]},
      before{layer.before[0], layer.before[1]},
      after{std::max<int64_t>(0, layer.after[0]), std::max<int64_t>(0, layer.after[1])};
  Slot* input = chain.activation(index - 1);
  const DataType type = input->type;
  const auto kind =
      chain.hasBackward() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  const auto forward = describePooling<dnnl::pooling_forward>(
      shared.engine, chain.attributes(), kind, algorithm, input->desc,
      Desc(chain.outputDims(index), type, Tag::any), stride, kernel, before, after);
  Slot* output = chain.activation(index) = chain.output(index, forward.dst_desc(), type);
  // Where the maxima stood.
  const auto places = std::make_shared<Buffer>(forward.workspace_desc().get_size());
  const auto workspace = [&shared, places, desc = forward.workspace_desc()] {
    return dnnl::memory(desc, shared.engine,
                        places->bytes() == 0 ? DNNL_MEMORY_NONE : places->data());
  };
  chain.forwardWork(index).push_back([&chain, &shared, forward, input, output, workspace,
                                      primitive = dnnl::pooling_forward(forward)] {
    primitive.execute(shared.stream,
                      {{DNNL_ARG_SRC, input->memory},
                       {DNNL_ARG_DST, output->memory},
                       {DNNL_ARG_WORKSPACE, workspace()},
                       {DNNL_ARG_SCRATCHPAD, chain.scratchpad(forward.scratchpad_desc())}});
  });
  if (!chain.hasBackward()) return;

  const auto backward = describePoolingBackward<dnnl::pooling_backward>(
      shared.engine, chain.attributes(), forward, algorithm, input->desc, forward.dst_desc(),
      stride, kernel, before, after);
  chain.buildBackward(index) = [&chain, &shared, index, type, backward, workspace] {
    const int now = chain.backwardTime(index);
    auto& work = chain.backwardWork(index);
    Slot* gradient = chain.as(chain.gradient(index), backward.diff_dst_desc(), type, at(now), work);
    Slot* below = chain.gradient(index - 1) =
        chain.gradientSlot(index - 1, backward.diff_src_desc(), type);
    work.push_back([&chain, &shared, backward, gradient, below, workspace,
                    primitive = dnnl::pooling_backward(backward)] {
      primitive.execute(shared.stream,
                        {{DNNL_ARG_DIFF_DST, gradient->memory},
                         {DNNL_ARG_DIFF_SRC, below->memory},
                         {DNNL_ARG_WORKSPACE, workspace()},
                         {DNNL_ARG_SCRATCHPAD, chain.scratchpad(backward.scratchpad_desc())}});
    });
  };
}

}  // namespace

void buildPool(Chain& chain, int index) {
  const LayerDescription& layer = chain.layer(index);
  if (layer.type == LayerType::maxPool && layer.kernel[0] * layer.kernel[1] <= maximumPoolCells) {
    buildMaxPool(chain, index);
  } else {
    buildOneDnnPool(chain, index);
  }
}

}  // namespace alexnet
