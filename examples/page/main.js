// A page that makes photographs ready as the model was trained, looks at what the network sees, and
// asks it. Vite serves it: `npx vite examples/page`, with `alexnet` installed.
import { AlexNet, loadPicture, preprocess } from 'alexnet/browser';

const element = (id) => document.getElementById(id);
let alexnet;

element('model').addEventListener('change', () => void saying(openModel));
element('photo').addEventListener('change', () => void saying(answer));

async function openModel() {
  const [file] = element('model').files;
  await alexnet?.dispose();
  alexnet = undefined;
  alexnet = await AlexNet.load(file);
  // Weights of others may not say how their photographs are made ready: then it was guessed.
  const guesses = alexnet.guesses.map(({ text }) => text).join(' ');
  element('said').textContent = `${file.name}: ${alexnet.model.labels.length} classes. ${guesses}`;
  await answer();
}

async function answer() {
  const [photo] = element('photo').files;
  if (alexnet === undefined || photo === undefined) return;
  const { preprocessing, meanImage, labels } = alexnet.model;
  // Decoded and resized in the page, to the same pixels as in Node; then the centre, mean taken off.
  const picture = await loadPicture(photo, preprocessing);
  // Float32Array [1, 3, crop, crop]. An ONNX file that `alexnet convert` wrote takes the same as
  // its `image`, in onnxruntime-web for example.
  const input = preprocess(picture, preprocessing, 1, meanImage);
  draw(input, preprocessing, meanImage);
  const probabilities = await alexnet.probabilities(input);
  const ranked = labels
    .map(({ name }, i) => ({ name, probability: probabilities[i] }))
    .toSorted((a, b) => b.probability - a.probability);
  element('answers').replaceChildren(...ranked.slice(0, 5).map(row));
}

/** What the network sees: preprocessing backwards. A mean image is left off, as a mid-grey. */
function draw(input, { crop, channels, scale, mean, deviation }, meanImage) {
  const canvas = element('seen');
  canvas.width = canvas.height = crop;
  const image = new ImageData(crop, crop);
  for (let i = 0; i < crop * crop; i++) {
    for (let c = 0; c < 3; c++) {
      const plane = channels === 'RGB' ? c : 2 - c;
      const middle = meanImage === undefined ? mean[plane] : 127.5 * scale;
      const value = input[plane * crop * crop + i] * deviation[plane] + middle;
      image.data[4 * i + c] = value / scale;
    }
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d').putImageData(image, 0, 0);
}

function row({ name, probability }) {
  const line = document.createElement('tr');
  for (const text of [name, `${(100 * probability).toFixed(1)} %`])
    line.insertCell().textContent = text;
  return line;
}

/** What goes wrong is said; our errors are sentences. */
async function saying(work) {
  try {
    await work();
  } catch (error) {
    element('said').textContent = error.message;
  }
}
