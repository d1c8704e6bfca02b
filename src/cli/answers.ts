/**
 * What each verb answers with `--json`, for its help: a key with `?` may be missing. The guide says
 * what they mean.
 */
export const answers: Readonly<Record<string, string>> = {
  train:
    '{run, model, report, epochs, best: {epoch, top1, top5, loss}, seconds, imagesPerSecond, …}',
  demo: 'as train',
  'data check':
    '{classes, images, problems: [{file, kind, detail}],\n' +
    '   perClass: [{label, images, train, val, test}]}',
  'data pack': '{shards, images, skipped, problems: [{file, kind, detail}]}',
  convert: '{from, to, parameters}',
  pull: '{name, file, source}',
  evaluate:
    '{images, top1, top5, loss, perClass: [{label, images, top1}], confusion: [[…]],\n' +
    '   skipped: [{file, kind, detail}]}',
  predict: '[{file, predictions: [{label, wnid?, probability}]} | {file, error}]',
  explain:
    '{variant, input: [c, h, w], layers: [{name, type, output, parameters, multiplyAdds}],\n' +
    '   totals: {parameters, multiplyAdds, weightsBytes, trainingBytes}, network}',
  doctor: '{node, threads, engines: [{name, available, reason, details}]}',
  native: '{built, library, version, …}',
  bench:
    '{engine, variant, batch, precision, threads, mode, imagesPerSecond, milliseconds,\n' +
    '   flopsPerImage, flopsPerSecond}; --peak: {threads, f32FlopsPerSecond,\n' +
    '   bf16FlopsPerSecond, memoryBytesPerSecond}',
};
