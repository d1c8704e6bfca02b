/**
 * What each verb answers with `--json`, for its help and the guide: a key with `?` may be missing,
 * `*` stands for keys or values of any kind, `=name` for another answer. The guide says what they
 * mean. Tests hold real answers against it.
 */
export const answers: Readonly<Record<string, string>> = {
  train:
    '{run, model, report, classes, epochs, best: {epoch, top1, top5, loss}, seconds,\n' +
    '   imagesPerSecond, finished, pictures: {train, validation, test},\n' +
    '   leftOut: [{split, file, why}], test: {images, top1, top5, loss} | null}',
  'train --find-lr':
    '{run, learningRate, lowestLossAt, diverged, table, page, steps: [{rate, loss}]}',
  app: '{address}',
  demo: '=train, and predictions: =predict',
  'data check':
    '{classes, images, problems: [{file, kind, detail}],\n' +
    '   perClass: [{label, images, train, val, test}]}',
  'data pack': '{shards, images, skipped, problems: [{file, kind, detail}]}',
  convert: '{from, to, parameters}',
  pull: '{name, file, source}',
  evaluate:
    '{images, top1, top5, loss, perClass: [{label, images, top1}], confusion: [[number]],\n' +
    '   skipped: [{file, kind, detail}], models?: [{model, images, top1, top5, loss}]}',
  predict: '[{file, predictions: [{label, wnid?, probability}]} | {file, error}]',
  explain:
    '{variant, input: [number], layers: [{name, type, output, parameters, multiplyAdds}],\n' +
    '   totals: {parameters, multiplyAdds, weightsBytes, trainingBytes}, network: [*]}',
  'explain MODEL':
    '{variant, input: [number], layers: [{name, type, output, parameters, multiplyAdds}],\n' +
    '   totals: {parameters, multiplyAdds, weightsBytes, trainingBytes}, network: [*],\n' +
    '   kind, alternatives: [variant], labels: [{name, wnid?}], preprocessing: *, provenance: *,\n' +
    '   tensors: [{name, shape, dtype, bytes, minimum, maximum, mean, deviation, zeros,\n' +
    '   notFinite, dead}], guesses: [{about, text}], warnings: [text]}',
  shrink:
    '{from, to, methods: [method], budget: {maxDrop, drop, met},\n' +
    '   pictures: {split, images, validation, calibration}, before: *, after: {bytes, top1, top5,\n' +
    '   engine, threads, memoryBytes, milliseconds: {1, 32}},\n' +
    '   changed: {images, changed, lost, won, p}, layers: [{name, became, sensitivity}],\n' +
    '   notes: [text], seconds}',
  'inspect kernels':
    '{layer, shape, towers, kinds?: {edge, blob, colour, noise, dead},\n' +
    '   kernels: [{kernel, norm, kind?, pattern?, colour?, frequency?, angle?, directedness?}],\n' +
    '   out?}',
  'inspect towers':
    '{layer, towers, compared, groups: [{kernels, blank, grey, colour, share}],\n' +
    '   test: {difference, p, permutations, seed} | null, verdict, out?}',
  'inspect maps':
    '{file, layer, shape, zeros, maps: [{channel, mean, largest, least, zeros}], out?}',
  'inspect why':
    '{file, class: {index, label, probability}, predictions: [{index, label, probability}],\n' +
    '   explanations: [{method, signed, unit, facts: *, randomized?: {layer, correlation},\n' +
    '   heat: {height, width, values: [number]}}], out?}',
  'inspect unit':
    '{layer, channel, value, receptiveField: {rows: {start, end}, columns: {start, end}},\n' +
    '   strongest: [{file, name, value, y, x, field}], out?}',
  'inspect neighbours':
    '{layer, metric, photographs, file, query: {label?, predictions: [{index, label,\n' +
    '   probability}]}, neighbours: [{file, name, label, distance}], out?}\n' +
    '  | {layer, metric, photographs, queries: [{file, query, neighbours}], out?}',
  'inspect map': '{layer, shares: [number], points: [{file, label, pca, umap?}], out?}',
  'inspect mistakes':
    '{split?, images, top1, mistakes: [{file, label, predicted, confidence, probability}],\n' +
    '   confused: [{label, predicted, images}], out?}',
  'inspect compare':
    '{models: [{model, predictions: [{index, label, probability}],\n' +
    '   weights: [{name, numbers, mean, deviation, largest, least}]}],\n' +
    '   layers: [{layer, differences: [{channel, distance}]}], out?}',
  'inspect story':
    '{file, predictions: [{index, label, probability}],\n' +
    '   layers: [{name, type, output, formula, zeros}], out?}',
  'inspect augment':
    '{file, of, seed, sample, size, crop, views: [{epoch, shown, box, mirrored, brightness,\n' +
    '   contrast, saturation, noise: {alphas, added} | null, scale, erase: * }],\n' +
    '   crops: [{left, top, width, height, mirrored}], out?}',
  experiment:
    '{experiment, claim, arms: [{name, runs: [{seed, top1, loss, epochs, atLeast?, gap?}]}],\n' +
    '   pairs: [{seed, value}], difference: {count, mean, deviation, low, high},\n' +
    '   each: [{arm, difference}], gap?, verdict, sentence, rates?: [{arm, learningRate}],\n' +
    '   trials?: [{arm, learningRate, epochs, after?}], data, perClass: {train, val},\n' +
    '   seeds: {done, wanted}, seconds, out, page}',
  'experiment --list': '[{name, title, claim, paper, seeds, minutes}]',
  serve: '{url, models, engine, precision, curl}',
  doctor: '{node, threads, engines: [{name, available, reason, details: *, integers?}]}',
  native: '{built, compiled?, library, version, reason?}',
  bench:
    '{engine, variant, batch, precision, threads, mode, imagesPerSecond, milliseconds,\n' +
    '   flopsPerImage, flopsPerSecond}',
  'bench --peak': '{threads, f32FlopsPerSecond, bf16FlopsPerSecond, memoryBytesPerSecond}',
};

/** Of a verb and of its forms: `explain`, `explain MODEL`. */
export function answersOf(verb: string): [form: string, answer: string][] {
  return Object.entries(answers).filter(
    ([form]) =>
      form === verb || (/^ (MODEL|--\S+)$/.test(form.slice(verb.length)) && form.startsWith(verb)),
  );
}

/** All of them for the guide, as Markdown. */
export function answersText(): string {
  const forms = Object.entries(answers).map(([form, answer]) => {
    const [first, ...more] = answer.split('\n').map((line) => line.trim());
    return `${form}\n  ${[first, ...more.map((line) => `  ${line}`)].join('\n  ')}\n`;
  });
  return `\n\`\`\`text\n${forms.join('\n')}\`\`\`\n\n`;
}
