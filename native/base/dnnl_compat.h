// oneDNN 2.x (Debian 12: 2.6) and 3.x (Debian 13: 3.7, Homebrew, conda) behind one face: all that
// differs between them stands here.
#pragma once

#include <cstdlib>
#include <string>

#include <oneapi/dnnl/dnnl.hpp>

namespace alexnet {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;
using DataType = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

// Whether oneDNN's slow, portable code shall do all the work, as scripts/check-onednn-bf16.sh wants
// it.
inline bool wantsReference() {
  static const bool wanted = std::getenv("ALEXNET_ONEDNN_REFERENCE") != nullptr;
  return wanted;
}

// Whether our own loops over tiles are faster than oneDNN's code: on CPUs with AVX2 and no more.
inline bool wantsTiles() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return !wantsReference() && (isa == dnnl::cpu_isa::avx2 || isa == dnnl::cpu_isa::avx2_vnni);
}

template <class Found>
bool isReference(const Found& found) {
  return std::string(found.impl_info_str()).rfind("ref", 0) == 0;
}

// The implementation that oneDNN offers first, or its reference code where that is wanted.
template <class Found>
Found offered(Found found) {
  while (wantsReference() && !isReference(found) && found.next_impl()) continue;
  return found;
}

#if DNNL_VERSION_MAJOR >= 3

// describe<Primitive>(engine, attr, what…): the primitive's description from what 2.x calls an
// operation descriptor.
template <class Primitive, class... What>
typename Primitive::primitive_desc describe(const dnnl::engine& engine,
                                            const dnnl::primitive_attr& attr, const What&... what) {
  return offered(typename Primitive::primitive_desc(engine, what..., attr));
}

// The same for a backward primitive, which wants the forward one as a hint.
template <class Primitive, class Hint, class... What>
typename Primitive::primitive_desc describeBackward(const dnnl::engine& engine,
                                                    const dnnl::primitive_attr& attr,
                                                    const Hint& hint, const What&... what) {
  return offered(typename Primitive::primitive_desc(engine, what..., hint, attr));
}

// Pooling gained a dilation between kernel and padding.
template <class Primitive>
typename Primitive::primitive_desc describePooling(const dnnl::engine& engine,
                                                   const dnnl::primitive_attr& attr,
                                                   dnnl::prop_kind kind, dnnl::algorithm algorithm,
                                                   const Desc& src, const Desc& dst,
                                                   const Dims& strides, const Dims& kernel,
                                                   const Dims& before, const Dims& after) {
  return describe<Primitive>(engine, attr, kind, algorithm, src, dst, strides, kernel, Dims{0, 0},
                             before, after);
}

template <class Primitive, class Hint>
typename Primitive::primitive_desc describePoolingBackward(
    const dnnl::engine& engine, const dnnl::primitive_attr& attr, const Hint& hint,
    dnnl::algorithm algorithm, const Desc& diffSrc, const Desc& diffDst, const Dims& strides,
    const Dims& kernel, const Dims& before, const Dims& after) {
  return describeBackward<Primitive>(engine, attr, hint, algorithm, diffSrc, diffDst, strides,
                                     kernel, Dims{0, 0}, before, after);
}

inline int rankOf(const Desc& desc) {
  return desc.get_ndims();
}

inline void appendRelu(dnnl::post_ops& ops) {
  ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
}

// Of a map as large and in the same layout as its output, which may be itself.
inline dnnl::eltwise_forward::primitive_desc describeTanh(const dnnl::engine& engine,
                                                          const dnnl::primitive_attr& attr,
                                                          dnnl::prop_kind kind, const Desc& map) {
  return describe<dnnl::eltwise_forward>(engine, attr, kind, dnnl::algorithm::eltwise_tanh, map,
                                         map, 0.0f, 0.0f);
}

#else

template <class Primitive, class... What>
typename Primitive::primitive_desc describe(const dnnl::engine& engine,
                                            const dnnl::primitive_attr& attr, const What&... what) {
  return offered(
      typename Primitive::primitive_desc(typename Primitive::desc(what...), attr, engine));
}

template <class Primitive, class Hint, class... What>
typename Primitive::primitive_desc describeBackward(const dnnl::engine& engine,
                                                    const dnnl::primitive_attr& attr,
                                                    const Hint& hint, const What&... what) {
  return offered(
      typename Primitive::primitive_desc(typename Primitive::desc(what...), attr, engine, hint));
}

template <class Primitive>
typename Primitive::primitive_desc describePooling(const dnnl::engine& engine,
                                                   const dnnl::primitive_attr& attr,
                                                   dnnl::prop_kind kind, dnnl::algorithm algorithm,
                                                   const Desc& src, const Desc& dst,
                                                   const Dims& strides, const Dims& kernel,
                                                   const Dims& before, const Dims& after) {
  return describe<Primitive>(engine, attr, kind, algorithm, src, dst, strides, kernel, before,
                             after);
}

template <class Primitive, class Hint>
typename Primitive::primitive_desc describePoolingBackward(
    const dnnl::engine& engine, const dnnl::primitive_attr& attr, const Hint& hint,
    dnnl::algorithm algorithm, const Desc& diffSrc, const Desc& diffDst, const Dims& strides,
    const Dims& kernel, const Dims& before, const Dims& after) {
  return describeBackward<Primitive>(engine, attr, hint, algorithm, diffSrc, diffDst, strides,
                                     kernel, before, after);
}

inline int rankOf(const Desc& desc) {
  return desc.data.ndims;
}

inline void appendRelu(dnnl::post_ops& ops) {
  ops.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
}

inline dnnl::eltwise_forward::primitive_desc describeTanh(const dnnl::engine& engine,
                                                          const dnnl::primitive_attr& attr,
                                                          dnnl::prop_kind kind, const Desc& map) {
  return describe<dnnl::eltwise_forward>(engine, attr, kind, dnnl::algorithm::eltwise_tanh, map,
                                         0.0f, 0.0f);
}

#endif

}  // namespace alexnet
