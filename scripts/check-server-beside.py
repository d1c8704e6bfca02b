"""The same requests to `alexnet serve` and to MLServer with onnxruntime, by Triton's client: both
must answer with the same names and shapes, and with numbers that agree.

    check-server-beside.py OURS THEIRS FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np
import tritonclient.http as triton

FOLDER = Path(sys.argv[3])
EXPECTED = json.loads((FOLDER / 'expected.json').read_text())
INPUT = np.fromfile(FOLDER / 'input.f32', dtype=np.float32).reshape(EXPECTED['input'])
clients = [triton.InferenceServerClient(url.split('//')[1]) for url in sys.argv[1:3]]

for client in clients:
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready('checked')
for pictures in (1, 3):
    answers = []
    for client in clients:
        tensor = triton.InferInput(EXPECTED['name'], [pictures, *INPUT.shape[1:]], 'FP32')
        # As JSON: MLServer has no binary tensors over HTTP.
        tensor.set_data_from_numpy(INPUT[:pictures], binary_data=False)
        wanted = [triton.InferRequestedOutput('probabilities', binary_data=False)]
        result = client.infer('checked', [tensor], outputs=wanted, request_id='7')
        answers.append(result.as_numpy('probabilities'))
        response = result.get_response()
        assert (response['model_name'], response['id']) == ('checked', '7'), response
    ours, theirs = answers
    assert ours.shape == theirs.shape == (pictures, len(EXPECTED['probabilities']) // 4)
    apart = np.abs(ours - theirs).max() / np.abs(theirs).max()
    assert apart < 1e-3, apart
    print(f'ok  {pictures}: shape {ours.shape} from both, {apart:.0e} apart')
