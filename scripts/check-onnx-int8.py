"""Called by check-onnx-int8.mjs with the folder of what our engine computed."""

import collections
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort

folder = sys.argv[1]
told = json.load(open(f"{folder}/grids.json"))


def numbers(name):
    return np.fromfile(f"{folder}/{name}", np.float32)


def session(model, level, **more):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    for key, value in more.items():
        setattr(options, key, value)
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def operators(path):
    return dict(collections.Counter(node.op_type for node in onnx.load(path).graph.node))


images = numbers("images").reshape(told["shape"])
model = onnx.load(f"{folder}/model.onnx")
onnx.checker.check_model(model)
rounded = [o for node in model.graph.node for o in node.output if o.endswith(".rounded")]
for name in rounded:
    value = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None)
    model.graph.output.append(value)
level = ort.GraphOptimizationLevel
plain = session(model.SerializeToString(), level.ORT_DISABLE_ALL)
names = [output.name for output in plain.get_outputs()]
found = dict(zip(names, plain.run(None, {"image": images})))
wrong = 0
for layer, grid in told["grids"].items():
    if f"{layer}.rounded" not in found:
        continue
    ours = np.rint(numbers(layer) / np.float32(grid["scale"])).astype(int) + grid["zeroPoint"]
    apart = np.abs(ours - found[f"{layer}.rounded"].astype(int).ravel())
    wrong += (apart > 0).sum()
    print(f"{layer:10s} {(apart > 0).sum()} of {apart.size} integers differ")
fused = session(f"{folder}/model.onnx", level.ORT_ENABLE_ALL, optimized_model_filepath=f"{folder}/fused.onnx")
answers = fused.run(None, {"image": images})[0].ravel()
apart = np.abs(answers - numbers("probabilities")).max()
kinds = operators(f"{folder}/fused.onnx")
print(f"fused: {kinds}; probabilities at most {apart:.1e} apart")
left = {"Conv", "Gemm", "FusedConv", "FusedGemm", "MatMul"} & kinds.keys()
assert wrong == 0 and apart < 1e-5 and not left, left
