"""The same model on onnxruntime behind MLServer: the peer that `alexnet serve` is measured beside.

MLServer imports this file as a runtime (model-settings.json names it), with its adaptive batching.
"""

import os

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Onnx(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get('THREADS', os.cpu_count()))
        self._session = onnxruntime.InferenceSession(self.settings.parameters.uri, options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        images = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        name = self._session.get_inputs()[0].name
        found = self._session.run(None, {name: np.ascontiguousarray(images, dtype=np.float32)})
        outputs = [NumpyCodec.encode_output('probabilities', found[0])]
        return InferenceResponse(model_name=self.name, model_version='1', outputs=outputs)
