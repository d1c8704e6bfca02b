/**
 * What each verb answers with `--json`, for its help: a key with `?` may be missing. The guide says
 * what they mean.
 */
export const answers: Readonly<Record<string, string>> = {
  train:
    '{run, model, report, epochs, best: {epoch, top1, top5, loss}, seconds, imagesPerSecond, …}',
  app: '{address}',
  demo: 'as train',
  'data check':
    '{classes, images, problems: [{file, kind, detail}],\n' +
    '   perClass: [{label, images, train, val, test}]}',
  'data pack': '{shards, images, skipped, problems: [{file, kind, detail}]}',
  convert: '{from, to, parameters}',
  pull: '{name, file, source}',
  evaluate:
    '{images, top1, top5, loss, perClass: [{label, images, top1}], confusion: [[…]],\n' +
    '   skipped: [{file, kind, detail}], models?: [{model, images, top1, top5, loss}]}',
  predict: '[{file, predictions: [{label, wnid?, probability}]} | {file, error}]',
  explain:
    '{variant, input: [c, h, w], layers: [{name, type, output, parameters, multiplyAdds}],\n' +
    '   totals: {parameters, multiplyAdds, weightsBytes, trainingBytes}, network}',
  'inspect kernels': '{layer, shape, towers, kinds, kernels: [{kernel, kind, …}], out?}',
  'inspect towers':
    '{layer, towers, compared, groups: [{kernels, blank, grey, colour, share}],\n' +
    '   test: {difference, p, permutations, seed} | null, verdict, out?}',
  'inspect maps': '{file, layer, zeros, maps: [{channel, …}], out?}',
  'inspect why':
    '{file, class: {index, label, probability}, predictions: [{index, label, probability}],\n' +
    '   explanations: [{method, signed, unit, facts, heat, …}], out?}',
  'inspect unit': '{layer, channel, value, receptiveField, strongest: [{file, value, …}], out?}',
  'inspect neighbours':
    '{layer, metric, photographs, file, query, neighbours: [{file, name, label, distance}],\n' +
    '   out?}; of several {layer, metric, photographs, queries: [{file, query, neighbours}], out?}',
  'inspect map': '{layer, shares, points: [{file, label, pca, umap?}], out?}',
  'inspect mistakes':
    '{images, top1, mistakes: [{file, label, predicted, confidence, probability}],\n' +
    '   confused: [{label, predicted, images}], out?}',
  'inspect compare':
    '{models: [{model, predictions, weights}], layers: [{layer, differences}], out?}',
  'inspect story':
    '{file, predictions: [{index, label, probability}],\n' +
    '   layers: [{name, type, output, formula, zeros, …}], out?}',
  'inspect augment':
    '{file, of, seed, sample, size, crop, views: [{epoch, shown, box, mirrored, brightness,\n' +
    '   contrast, saturation, noise: {alphas, added} | null, scale, erase: {…} | null}],\n' +
    '   crops: [{left, top, width, height, mirrored}], out?}',
  serve: '{url, models, engine, precision, curl}, then it serves',
  doctor: '{node, threads, engines: [{name, available, reason, details}]}',
  native: '{built, library, version, …}',
  bench:
    '{engine, variant, batch, precision, threads, mode, imagesPerSecond, milliseconds,\n' +
    '   flopsPerImage, flopsPerSecond}; --peak: {threads, f32FlopsPerSecond,\n' +
    '   bf16FlopsPerSecond, memoryBytesPerSecond}',
};
