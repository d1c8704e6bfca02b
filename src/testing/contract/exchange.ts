import type { Engine, Exchange, GradientView, Session } from '../../engine/engine.ts';
import { networkPart } from '../../network/parts.ts';
import { inferShapes, volume } from '../../network/shapes.ts';
import { randomNumbers, testImages, testLabels } from '../data.ts';
import { narrowVariants, oddNetwork } from '../networks.ts';
import {
  allParameters,
  batch,
  check,
  draw,
  equal,
  near,
  rates,
  refused,
  toleranceOf,
  withSession,
} from './tools.ts';
import type { ContractCase } from './tools.ts';

const skip = ({ name }: Engine): string | undefined => {
  if (
    name === 'wasm' &&
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false
  )
    return 'threads share no memory on this page, so gradients cannot be shown';
  return undefined;
};

/** Gradients where they lie, and told when they are final (`engine.ts`, rule 9). */
export const exchangeCases: readonly ContractCase[] = [
  { name: 'gradients of two sessions, summed where they lie, are those of both batches', run: sum },
  { name: 'views of two sessions with other batches and threads have one layout', run: sameLayout },
  { name: 'exchange is called once for each gradient, final and in order', run: onceInOrder },
  { name: 'backward exchanges the gradients of a part', run: inParts },
  { name: 'update and gradientNorm wait for the exchange and use what it left', run: waiting },
  { name: 'gradients whose exchange failed are not used', run: failing },
].map((one) => ({ ...one, skip }));

const network = narrowVariants.paper;
const half = 2;
const images = testImages(network, 2 * half, 310);
const labels = testLabels(network, 2 * half, 310);
const imageSize = images.length / (2 * half);

/** `gradients` of images `from …`, as one process of several would have them. */
function share(session: Session, from: number, exchange?: Exchange): Promise<unknown> {
  return session.gradients(
    images.subarray(from * imageSize, (from + half) * imageSize),
    labels.subarray(from, from + half),
    {
      draw: { ...draw, firstImage: from },
      divisor: 2 * half,
      ...(exchange !== undefined && { exchange }),
    },
  );
}

async function sum(engine: Engine): Promise<void> {
  const training = { mode: 'training' } as const;
  await withSession(engine, network, { ...training, batch: 2 * half }, (whole) =>
    withSession(engine, network, training, (first) =>
      withSession(engine, network, training, async (second) => {
        await whole.gradients(images, labels, { draw });
        await share(first, 0);
        await share(second, half);
        const others = await second.gradientViews();
        for (const [index, { values }] of (await first.gradientViews()).entries())
          add(values, others[index]!.values);
        for (const [name, gradient] of await allParameters(first, 'gradient'))
          near(gradient, await whole.getParameter(name, 'gradient'), `gradient of ${name}`, 1e-6);
        near([await first.gradientNorm()], [await whole.gradientNorm()], 'norm', 1e-6);
        for (const session of [whole, first]) await session.update(rates);
        for (const [name, value] of await allParameters(first, 'value'))
          near(value, await whole.getParameter(name), `value of ${name}`, 1e-6);
      }),
    ),
  );
}

async function sameLayout(engine: Engine): Promise<void> {
  for (const one of [network, oddNetwork]) {
    const [few, numbers] = [testImages(one, 2, 320), testLabels(one, 2, 320)];
    const views = async (size: number, threads: number): Promise<[string, Float64Array][]> =>
      withSession(engine, one, { mode: 'training', batch: size, threads }, async (session) => {
        await session.gradients(few, numbers, { draw });
        return copies(await session.gradientViews());
      });
    const expected = await views(2, 1);
    const found = await views(5, 2);
    equal(names(found), names(expected), 'order of gradients');
    for (const [index, [name, values]] of expected.entries())
      near(found[index]![1], values, `view of ${name}`, toleranceOf(engine).pass);
  }
}

async function onceInOrder(engine: Engine): Promise<void> {
  const options = { mode: 'training', frozen: ['conv2', 'fc7'] } as const;
  await withSession(engine, network, options, async (session) => {
    const given: [string, Float64Array][] = [];
    await share(session, 0, (view) => {
      given.push(...copies([view]));
    });
    await session.gradientNorm();
    equal(
      names(given),
      ['fc8', 'fc6', 'conv5', 'conv4', 'conv3', 'conv1'].flatMap((layer) => [
        `${layer}.weight`,
        `${layer}.bias`,
      ]),
      'gradients in the order of their calls',
    );
    const final = copies(await session.gradientViews());
    equal(names(final), names(given), 'order of the views');
    for (const [index, [name, values]] of final.entries())
      equal(given[index]![1], values, `${name} when its call came`);
  });
}

async function inParts(engine: Engine): Promise<void> {
  const part = networkPart(network, 'conv3', 'relu4').network;
  const output = volume(inferShapes(part).at(-1)!.output);
  const gradient = randomNumbers(batch * output, 1, 331);
  await withSession(engine, part, { mode: 'training' }, async (session) => {
    const pass = async (exchange?: Exchange): Promise<Map<string, Float32Array>> => {
      await session.forward(testImages(part, batch, 330));
      await session.backward('relu4', gradient, {
        parameters: true,
        ...(exchange !== undefined && { exchange }),
      });
      return allParameters(session, 'gradient');
    };
    const alone = await pass();
    const given: string[] = [];
    const doubled = await pass(async (view) => {
      given.push(view.parameter.name);
      await Promise.resolve();
      add(view.values, view.values);
    });
    equal(given, ['conv4.weight', 'conv4.bias', 'conv3.weight', 'conv3.bias'], 'calls');
    for (const [name, values] of doubled)
      equal(
        values,
        alone.get(name)!.map((g) => 2 * g),
        `gradient of ${name}`,
      );
  });
}

async function waiting(engine: Engine): Promise<void> {
  const training = { mode: 'training' } as const;
  await withSession(engine, network, training, (plain) =>
    withSession(engine, network, training, async (session) => {
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      await share(session, 0, async ({ values }) => {
        await gate;
        add(values, values);
      });
      const done: string[] = [];
      const calls = [
        session.gradientNorm().then((norm) => {
          done.push('gradientNorm');
          return norm;
        }),
        session.update(rates).then(() => {
          done.push('update');
        }),
      ] as const;
      await share(plain, 0);
      const norm = await plain.gradientNorm();
      equal(done, [], 'what is done while the exchange goes on');
      open();
      near([await calls[0]], [2 * norm], 'norm', 1e-6);
      await calls[1];
      await plain.update({ ...rates, gradientScale: 2 });
      for (const [name, value] of await allParameters(session, 'value'))
        near(value, await plain.getParameter(name), `value of ${name}`, 1e-6);
    }),
  );
}

async function failing(engine: Engine): Promise<void> {
  await withSession(engine, network, { mode: 'training' }, async (session) => {
    const before = await allParameters(session, 'value');
    let calls = 0;
    await share(session, 0, () => {
      calls++;
      if (calls === 3) throw new Error('The other process is gone.');
    });
    equal([calls], [2 * 8], 'calls');
    const gone = 'an error that is no AlexNetError: Error: The other process is gone.';
    await refused(() => session.update(rates), gone);
    await refused(() => session.gradientNorm(), gone);
    await refused(
      () => session.gradients(images.subarray(0, imageSize), [1], { accumulate: true }),
      gone,
    );
    for (const [name, value] of await allParameters(session, 'value'))
      equal(value, before.get(name)!, name);
    await share(session, 0);
    await session.update(rates);
    check((await session.gradientNorm()) > 0, 'Expected the session to go on with new gradients.');
  });
}

function add(to: GradientView['values'], from: GradientView['values']): void {
  for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
}

function copies(views: readonly GradientView[]): [string, Float64Array][] {
  return views.map(({ parameter, values }) => [parameter.name, Float64Array.from(values)]);
}

function names(views: readonly [string, unknown][]): string[] {
  return views.map(([name]) => name);
}
