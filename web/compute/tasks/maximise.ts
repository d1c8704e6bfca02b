import { inputPicture, maximise, middleOf } from 'alexnet/browser';
import type { Colours, Model, Network } from 'alexnet/browser';
import type { Task } from '../context.ts';
import type { AnswerOf, WishOf } from '../protocol.ts';

/** Between two pictures on the way. */
const stepsAtOnce = 4;

/** The picture that excites a unit most, shown while it comes to be. */
export const maximised: Task<WishOf<'maximise'>, AnswerOf<'maximise'>> = async (
  { model: source, engine, layer, unit, steps },
  asked,
) => {
  const open = await asked.opened.open(source, engine, asked);
  const { session, imported } = open;
  const { preprocessing, meanImage } = imported.model;
  asked.opened.forget(open);
  const target = middleOf(session, beforeRelu(session.network, layer), unit);
  const { image, value } = await maximise(session, target, {
    steps,
    colours: coloursOf(imported.model),
    signal: asked.signal,
    onImage: (image, done) => {
      if (done % stepsAtOnce !== 0) return;
      const picture = inputPicture(image, preprocessing, meanImage);
      asked.progress({ done, total: steps, picture });
    },
  });
  return { value, pixels: inputPicture(image, preprocessing, meanImage) };
};

/** A closed ReLU gives no gradient, so its input is followed; a probability's score likewise. */
function beforeRelu(network: Network, name: string): string {
  const at = network.findIndex((layer) => layer.name === name);
  const passes = ['relu', 'tanh', 'dropout', 'softmax'];
  const from = network.findLastIndex(({ type }, i) => i <= at && !passes.includes(type));
  return network[from]!.name;
}

/** How bytes become the network's input. A mean image counts by its mean colour here. */
function coloursOf({
  preprocessing: { channels, scale, mean, deviation },
  meanImage,
}: Model): Colours {
  const colour = (c: number): number => {
    const plane = meanImage!.subarray(
      (c * meanImage!.length) / 3,
      ((c + 1) * meanImage!.length) / 3,
    );
    return plane.reduce((sum, value) => sum + value, 0) / plane.length;
  };
  const means = 'tensor' in mean ? [0, 1, 2].map(colour) : mean;
  return {
    order: channels === 'RGB' ? [0, 1, 2] : [2, 1, 0],
    mean: means.map((value) => value / scale),
    deviation: deviation.map((value) => value / scale),
  };
}
