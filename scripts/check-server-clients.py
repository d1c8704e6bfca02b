"""Triton's and KServe's own Python clients against `alexnet serve`: they must get the engine's
own numbers, in every way that they ask.

    check-server-clients.py URL FOLDER      (FOLDER as check-server-make.mjs wrote it)
"""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

URL, FOLDER = sys.argv[1], Path(sys.argv[2])
HOST = URL.split('//')[1]
EXPECTED = json.loads((FOLDER / 'expected.json').read_text())
INPUT = np.fromfile(FOLDER / 'input.f32', dtype=np.float32).reshape(EXPECTED['input'])
PICTURES = [(FOLDER / f'picture-{i}.jpg').read_bytes() for i in range(4)]
MODEL = 'checked'
done = 0


def check(what, found, expected):
    """Equal bit for bit, or as close as the order of sums in another batch lets them be."""
    global done
    expected = np.asarray(expected, dtype=np.float32).reshape(found.shape)
    scale = np.abs(expected).max()
    error = np.abs(found - expected).max() / scale
    assert error < 1e-5, f'{what}: {error} off'
    done += 1
    print(f'ok  {what}: {"the same bits" if error == 0 else f"{error:.1e} of the largest"}')


def say(what):
    global done
    done += 1
    print(f'ok  {what}')


def numbers(binary=True, array=INPUT):
    tensor = triton.InferInput(EXPECTED['name'], list(array.shape), 'FP32')
    tensor.set_data_from_numpy(array, binary_data=binary)
    return [tensor]


def pictures():
    tensor = triton.InferInput(EXPECTED['name'], [len(PICTURES)], 'BYTES')
    tensor.set_data_from_numpy(np.array(PICTURES, dtype=np.object_))
    return [tensor]


def outputs(*names, binary=True, **more):
    return [triton.InferRequestedOutput(name, binary_data=binary, **more) for name in names]


def first(values):
    return np.asarray(values).reshape(4, -1)


def sync():
    client = triton.InferenceServerClient(HOST)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
    metadata = client.get_model_metadata(MODEL)
    assert metadata['inputs'][0]['shape'] == [-1, *EXPECTED['input'][1:]], metadata
    assert client.get_model_config(MODEL)['max_batch_size'] >= 1
    assert client.get_server_metadata()['name'] == 'alexnet'
    index = client.get_model_repository_index()
    assert [(m['name'], m['state']) for m in index] == [(MODEL, 'READY')], index
    say('triton: health, metadata, configuration, index')

    for binary in (True, False):
        for wanted in (None, outputs('logits', 'probabilities', binary=binary)):
            result = client.infer(MODEL, numbers(binary), outputs=wanted, request_id='7')
            kind = f'{"binary" if binary else "JSON"}, outputs {"named" if wanted else "left out"}'
            for name in ('probabilities', 'logits'):
                check(f'triton: {kind}: {name}', result.as_numpy(name), EXPECTED[name])
            assert result.get_response()['id'] == '7'
    for algorithm in ('gzip', 'deflate'):
        result = client.infer(
            MODEL,
            numbers(),
            request_compression_algorithm=algorithm,
            response_compression_algorithm=algorithm,
        )
        check(f'triton: {algorithm}', result.as_numpy('logits'), EXPECTED['logits'])
    check('triton: pictures', client.infer(MODEL, pictures()).as_numpy('probabilities'),
          EXPECTED['probabilities'])
    for layer, expected in EXPECTED['layers'].items():
        result = client.infer(MODEL, numbers(), outputs=outputs(layer))
        check(f'triton: layer {layer}', result.as_numpy(layer), expected)

    probabilities = first(EXPECTED['probabilities'])
    for binary in (True, False):
        result = client.infer(
            MODEL, numbers(), outputs=outputs('probabilities', binary=binary, class_count=3)
        )
        rows = result.as_numpy('probabilities')
        for row, own in zip(rows, probabilities):
            words = [w.decode() if isinstance(w, bytes) else w for w in row]
            found = [int(word.split(':')[1]) for word in words]
            assert found == list(np.argsort(-own, kind='stable')[:3]), (words, own)
            assert words[0].split(':')[2] == f'class {found[0]}'
            assert abs(float(words[0].split(':')[0]) - own[found[0]]) < 1e-5
        say(f'triton: classification, {"binary" if binary else "JSON"}')

    headers = {'Inference-Header-Content-Length': '0'}
    raw = client._post('v2/models/checked/infer', INPUT.tobytes(), headers, None)
    answer = json.loads(raw.read())
    check('triton: raw body', np.array(answer['outputs'][0]['data'], dtype=np.float32),
          EXPECTED['probabilities'])

    stats = client.get_inference_statistics(MODEL)['model_stats'][0]
    assert stats['inference_count'] > 0 and stats['inference_stats']['success']['count'] > 0
    say('triton: statistics')
    futures = [client.async_infer(MODEL, numbers(array=INPUT[i % 4 : i % 4 + 1])) for i in range(8)]
    for i, future in enumerate(futures):
        found = future.get_result().as_numpy('probabilities')[0]
        assert np.allclose(found, probabilities[i % 4], rtol=1e-4, atol=1e-7)
    say('triton: eight at once, each its own')
    for wrong, words in ((numbers(array=INPUT[:, :1]), 'Expected the input'),):
        try:
            client.infer(MODEL, wrong)
            raise AssertionError('it was not refused')
        except InferenceServerException as error:
            assert words in str(error), error
    try:
        client.load_model(MODEL)
        raise AssertionError('it was loaded without a key')
    except InferenceServerException as error:
        assert 'key' in str(error), error
    say('triton: errors are told in their own words')
    client.close()


async def asyncio_client():
    client = triton_aio.InferenceServerClient(HOST)
    assert await client.is_server_ready() and await client.is_model_ready(MODEL)
    results = await asyncio.gather(*(client.infer(MODEL, numbers(b)) for b in (True, False)))
    for result in results:
        check('triton asyncio', result.as_numpy('logits'), EXPECTED['logits'])
    await client.close()


async def kserve_client():
    try:
        from kserve import InferInput, InferRequest, InferenceRESTClient, RESTConfig
    except ImportError as error:
        print(f'passed over: kserve is not installed ({error})')
        return
    client = InferenceRESTClient(RESTConfig(protocol='v2', verbose=False))
    assert await client.is_server_live(URL) and await client.is_server_ready(URL)
    assert await client.is_model_ready(URL, MODEL)
    for binary in (True, False):
        tensor = InferInput(EXPECTED['name'], list(INPUT.shape), 'FP32')
        tensor.set_data_from_numpy(INPUT, binary_data=binary)
        request = InferRequest(MODEL, [tensor], request_id='9')
        answer = await client.infer(URL, request, model_name=MODEL)
        found = {output.name: output.as_numpy() for output in answer.outputs}
        kind = 'binary' if binary else 'JSON'
        check(f'kserve: {kind}', found['probabilities'], EXPECTED['probabilities'])


sync()
asyncio.run(asyncio_client())
asyncio.run(kserve_client())
print(f'{done} checks with the real clients.')
