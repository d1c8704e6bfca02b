/** All words of the app, in one place, so that others can translate them. */
import { bytes, count, counted, number, percent } from './format.ts';

export const words = {
  title: 'AlexNet',
  skip: 'To the network',
  views: {
    overview: 'Overview',
    layer: 'Layer',
    unit: 'Number',
    why: 'Why',
    lesson: 'Lesson',
    compare: 'Compare',
  },
  nav: 'Views',
  trail: 'Where you are',
  channel: (unit: number) => `channel ${unit}`,
  place: (y: number, x: number) => `row ${y}, column ${x}`,
  pending: 'computing …',
  progress: (done: number, total: number) => `${count(done)} of ${count(total)}`,
  stop: 'Stop',
  failed: 'This did not work',
  home: 'To the overview',
  scale: (low: string, high: string) => `Colours from ${low} to ${high}`,
  layerTypes: {
    input: 'picture',
    convolution: 'convolution',
    relu: 'ReLU',
    tanh: 'tanh',
    lrn: 'LRN',
    maxPool: 'max-pool',
    averagePool: 'average-pool',
    adaptiveAveragePool: 'adaptive average-pool',
    dense: 'dense',
    dropout: 'dropout',
    softmax: 'softmax',
  },
  keys: {
    title: 'Keys',
    list: [
      ['click, Enter', 'goes down: from the network to a layer, from a layer to one number'],
      ['Escape', 'goes up'],
      ['arrows', 'move among channels, or over a map'],
      ['[ and ]', 'step through the layers'],
      ['?', 'shows the keys'],
    ],
  },
  models: {
    choose: 'Model',
    about: 'About this model',
    open: 'Open a model …',
    hint:
      'A model of ours (.safetensors), PyTorch (.pth), ONNX, Caffe (with its .prototxt) or ' +
      'NumPy; you can also drop it anywhere. It stays on this machine.',
    loading: (name: string) => `Loading ${name} …`,
    failed: 'The model could not be read',
    parameters: 'Parameters',
    work: 'Multiply-adds for one picture',
    classes: 'Classes',
    file: 'Kind of file',
    memory: 'Memory in use',
    score: 'Score',
    scoreTold: (images: number, top1: string, top5: string) =>
      `Of ${count(images)} pictures that it had never seen it names ${top1} rightly, ${top5} with ` +
      'one of its first five answers.',
    answered: (milliseconds: number) => `answered in ${milliseconds.toFixed(0)} ms`,
    guesses: 'What the file does not say, and was assumed',
    warnings: 'What looks wrong',
    told: {
      paper: {
        name: 'AlexNet of 2012, on Caltech-101',
        about: [
          'The network of the paper: two towers, 227×227 pixels. For a small download fc6 and ' +
            'fc7 are two dense layers each, of rank 96 (fc6a, fc6b, fc7a, fc7b), and weights ' +
            'are stored in one byte: 5 MB instead of 240.',
          'Trained by us from scratch on 5,201 photographs of 101 kinds, and asked about 2,893 ' +
            'others: its score stands below. Whatever else you show it, it must call one of ' +
            'the 101. The drawn scenes are made for the small model; this one knows ' +
            'photographs, and drawings that look like them.',
          'Made by scripts/app-model.mjs. The photographs: Caltech-101 (Li, Andreeto, Ranzato, ' +
            'Perona, 2022, CC BY 4.0), of which the model holds none. The model: CC BY 4.0.',
        ],
      },
      scenes: {
        name: 'Small, on drawn scenes',
        about: [
          'The variant “small” at half width and 32×32 pixels: it answers in milliseconds. ' +
            'Trained by us in two minutes on 1,800 scenes that a program of ours draws (`npx ' +
            'alexnet demo`), in six classes: boat, car, face, fish, house, star.',
          'Its score on other scenes stands below. Whatever else you show it, it ' +
            'must call one of the six.',
          'Made by scripts/app-model.mjs. Model and pictures: MIT licence.',
        ],
      },
    } as Readonly<Record<string, { readonly name: string; readonly about: readonly string[] }>>,
  },
  pictures: {
    choose: 'Picture',
    open: 'Your picture …',
    folder: 'A folder …',
    camera: 'Camera',
    draw: 'Draw',
    hint: 'You can also drop or paste a picture anywhere. It stays on this machine.',
    pasted: 'pasted picture',
    photo: 'photo',
    drawing: 'drawing',
    take: 'Take the picture',
    look: 'Look at it',
    clear: 'Clear',
    close: 'Close',
    noCamera: (why: string) => `The camera could not be opened: ${why}`,
    canvas: 'A sheet to draw on with the pointer',
    nothing: (found: string) =>
      `Expected pictures (.jpg, .png, .webp, …) or a file of weights, but found ${found}.`,
    names: {
      sunflower: 'sunflower',
      umbrella: 'umbrella',
      'yin-yang': 'yin and yang',
      boat: 'boat',
      'boat-2': 'second boat',
      car: 'car',
      'car-2': 'second car',
      face: 'face',
      'face-2': 'second face',
      fish: 'fish',
      'fish-2': 'second fish',
      house: 'house',
      'house-2': 'second house',
      star: 'star',
      'star-2': 'second star',
    } as Readonly<Record<string, string>>,
  },
  engine: {
    choose: 'Engine',
    auto: (name: string) => `fastest (${name})`,
    starting: 'Starting …',
    held: (difference: string) =>
      'held against the reference engine on a small network: the largest difference is ' +
      difference,
    off: (difference: string, tolerance: string) =>
      `differs from the reference engine by ${difference}, where at most ${tolerance} is ` +
      `allowed: ` +
      'choose another engine, and please report it',
    threads: (threads: number) => counted(threads, 'thread'),
    canvas:
      'This browser changes the pixels that a page reads back, so that pages cannot recognise ' +
      'it: answers differ a little from those on Node.',
    local: 'Everything is computed on this machine; nothing is sent anywhere.',
  },
  overview: {
    title: 'The network, to scale',
    example: 'A finished example, while the model loads.',
    lead: (numbers: number, scale: string) =>
      'What the network computes for this picture, after each ReLU and each pooling: ' +
      `${count(numbers)} numbers, those of maps each drawn ${scale}. Click one.`,
    side: (side: number) => (side === 1 ? 'as one pixel' : `as a square of ${side} pixels`),
    towers: 'The two rows are the two towers: they meet only where kernels see all channels.',
    answer: 'The answer',
    play: 'Play',
    pause: 'Pause',
    step: 'Step',
    all: 'Show all',
    speed: 'Pace',
    numbers: (many: number) => counted(many, 'number'),
    costs: 'What each layer takes',
    columns: {
      layer: 'Layer',
      size: 'Output',
      formula: 'How its size comes about',
      parameters: 'Parameters',
      work: 'Multiply-adds',
      memory: 'Output in memory',
    },
    total: 'All',
  },
  layer: {
    choose: 'Layers of the network',
    none: (layer: string, layers: readonly string[]) =>
      `This network has no layer “${layer}”. Its layers are: ${layers.join(', ')}.`,
    tilesTold: (unit: number, channels: number) =>
      `How channel ${unit} combines the ${count(channels)} channels that it sees: red adds, blue ` +
      'takes away.',
    order: 'Order',
    byStrength: 'by strength',
    byNumber: 'by number',
    channels: (many: number) => counted(many, 'channel'),
    all: (many: number) => `Show all ${count(many)} channels`,
    channelLabel: (unit: number, mean: string, largest: string) =>
      `Channel ${unit}: mean ${mean}, largest ${largest}`,
    numbersLabel: (unit: number, value: string) => `Number ${unit}: ${value}`,
    size: 'How its size comes about',
    does: {
      input: 'The picture as the network gets it: cut to size, the mean taken off.',
      convolution:
        'Each kernel slides over the maps below; at every place it multiplies what it sees ' +
        'with its weights and sums.',
      relu: 'What is below zero becomes zero; the rest passes.',
      tanh: 'Each number is squeezed between −1 and 1.',
      lrn: 'Each number is divided by how strong its neighbouring channels are at the same place.',
      maxPool: 'Of each window only the largest number goes on.',
      averagePool: 'Of each window the mean goes on.',
      adaptiveAveragePool: 'The map is cut into regions; of each the mean goes on.',
      dense: 'Each number is a weighted sum of all numbers below.',
      dropout:
        'While training, numbers are dropped by chance. In use nothing is dropped; the paper ' +
        'halves them instead.',
      softmax: 'Scores become probabilities, which sum to 1.',
    },
    histogram: 'How large its numbers are',
    histogramTold: (zeros: string, low: string, high: string) =>
      `From ${low} to ${high}; ${zeros} are exactly zero and left out of the bars.`,
    between: 'between',
    many: 'numbers',
    kernels: 'What its kernels look like',
    kernelsTold:
      'Each is drawn on a scale of its own, mid-grey is zero: what a kernel looks like is what ' +
      'it answers to.',
    kernelLabel: (unit: number, kind: string) => `Kernel ${unit}: ${kind}`,
    kinds: {
      edge: 'edge',
      blob: 'corner or blob',
      colour: 'colour',
      noise: 'noise',
      dead: 'dead',
    },
    column: (unit: number) => `Channel ${unit}, before and after`,
    strongest: 'The strongest',
    value: 'Value',
    toNumbers: (unit: number) => `See how the numbers of channel ${unit} are made`,
  },
  unit: {
    title: (layer: string, unit: number) => `${layer}, channel ${unit}`,
    value: 'The engine says',
    reckoned: 'This page, summing in double precision, says',
    same: (difference: string) => `They differ by ${difference}.`,
    sees: (rows: number, columns: number) => `It sees ${rows}×${columns} pixels of the picture`,
    map: 'Its map',
    row: 'Row',
    column: 'Column',
    mapLabel: 'The channel’s map. Arrow keys move the place.',
    how: 'How this number is made',
    convolution: (below: string, channels: string) =>
      `Patch of ${below} × kernel, summed over ${channels}, plus the bias.`,
    channelsRange: (from: number, to: number) => `channels ${from} to ${to}`,
    patch: 'patch',
    kernel: 'kernel',
    product: 'product',
    sum: 'sum',
    bias: 'bias',
    others: (many: number) => `${counted(many, 'other channel')} together`,
    otherInputs: (many: number) => `${counted(many, 'other input')} together`,
    colours: ['red', 'green', 'blue'],
    towers: 'A kernel of this layer sees only the channels of its own tower.',
    dense: (below: string, inputs: number) =>
      `All ${count(inputs)} numbers of ${below}, each times its weight, plus the bias. Those ` +
      `that ` +
      'count most:',
    input: 'input',
    weight: 'weight',
    places: 'What each place of the maps below adds, over all channels',
    maximum: 'The largest number in its window goes on.',
    mean: 'The mean of its window goes on.',
    relu: (from: string) => `max(0, ${from})`,
    lrn: 'The number, divided by a power of its neighbours’ squares.',
    lrnMap: 'neighbour',
    square: 'square',
    softmax: 'e to the power of its score, divided by the sum of the same for all classes.',
    dropout: 'In use every number is multiplied by the share that is kept in training.',
    dropoutNone: 'In use dropout leaves every number as it is.',
    inputTold: 'The picture’s byte, less the mean, divided by the deviation.',
    below: 'Go down to',
    patches: 'The pictures at hand that excite this channel most',
    patchesTold:
      'One place of each picture, cut out to what the number there sees. Add a folder of your ' +
      'own to search in more.',
    patch1: (picture: string, value: string) => `${picture}: ${value}`,
    maximise: 'A picture made to excite it',
    maximiseTold:
      'From faint noise, the picture is changed step by step so that this channel’s middle ' +
      'number grows. It shows one thing that excites it, exaggerated; a channel may answer ' +
      'to several.',
    begin: 'Make it',
    step: (done: number, total: number) => `step ${done} of ${total}`,
    reached: (value: string) => `It reaches ${value}.`,
    written: 'All the numbers, written out',
    more: 'Write out more channels',
    softmaxScaled: (label: string, largest: string) =>
      `For “${label}”. Both sides are divided by e to the power of the largest score, ` +
      `${largest}, so ` +
      'that nothing overflows.',
  },
  why: {
    title: (name: string) => `Why “${name}”?`,
    choose: 'Class',
    none: (index: number, classes: number) =>
      `There is no class ${index}: this network has ${count(classes)}, numbered 0 to ` +
      `${classes - 1}.`,
    probability: (share: number) => percent(share),
    cannot: 'What it cannot show:',
    check: 'Check with random weights',
    checkTold:
      'Shuffle the weights and ask again: a picture that stays the same shows the photograph, ' +
      'not what the network learned (Adebayo et al. 2018).',
    from: 'Shuffle from',
    run: 'Shuffle and compare',
    correlation: (value: string) =>
      `rank correlation ${value} with the true one: 1 is the same, 0 has nothing in common`,
    shuffled: (from: string) => `weights shuffled from ${from} upwards`,
    sum: (sum: string, difference: string) =>
      `The shares sum to ${sum}; the score rose by ${difference}.`,
    fell: 'red where covering it lowers the probability, blue where it raises it',
    for: 'red speaks for the class, blue against it',
    amount: 'bright where it counts most',
    took: (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`,
    methods: {
      'grad-cam': [
        'Grad-CAM',
        'Weights the last convolution’s maps by how much the score grows with each, and sums them.',
        'It is as coarse as those maps, and says where the network looked, not what it saw there.',
      ],
      'guided-grad-cam': [
        'Guided Grad-CAM',
        'Guided backpropagation, kept only where Grad-CAM finds the class.',
        'Its fine lines are the photograph’s edges for nearly any class: trust the place, not ' +
          'the lines.',
      ],
      saliency: [
        'Saliency',
        'How much the score would change with each pixel: the size of its gradient.',
        'It tells what the score is sensitive to, not what it is made of.',
      ],
      'integrated-gradients': [
        'Integrated gradients',
        'Shares out the score’s rise, from the mean colour to this picture, among the pixels.',
        'Another starting picture gives other shares; pixels of the mean colour always get none.',
      ],
      occlusion: [
        'Occlusion',
        'Covers a square with the mean colour, everywhere in turn, and sees what the probability ' +
          'does.',
        'It misses what is seen in several places at once, and a grey square is itself something ' +
          'new.',
      ],
      deconvnet: [
        'Deconvnet',
        'Projects the score back to the pixels, letting only positive signals through.',
        'Much of it is the photograph itself, whatever the class.',
      ],
    },
  },
  lesson: {
    contents: 'Contents',
    none: (section: string) => `The lesson has no section “${section}”.`,
    beside: 'The network beside the text',
    reveal: 'Answer',
    exercise: 'Exercise.',
    guess: 'Think first, then open the answer.',
    tryIt: 'Try it',
    ours: 'what we do',
    show: (name: string) => `Show ${name} beside`,
    yours: 'Your own window',
    fields: {
      n: 'map n',
      k: 'window k',
      p: 'padding p',
      s: 'stride s',
    },
    whole: (name: string, least: number) => `${name} must be a whole number from ${least} to 1024.`,
    tooLarge: (k: number, n: number) =>
      `The window of ${k} is larger than the map of ${n} and its padding.`,
    seen: (unseen: number) =>
      unseen === 0
        ? 'Every cell is seen.'
        : `${counted(unseen, 'cell')} at the end ${unseen === 1 ? 'is' : 'are'} never seen.`,
  },
  compare: {
    title: 'Two models, one picture',
    choose: 'with',
    maps: (layer: string, unit: number) => `${layer}, channel ${unit}`,
    unit: 'Channel',
    missing: (layer: string) => `This model has no layer ${layer}.`,
    noChannel: (layer: string, channels: number) =>
      `Its layer ${layer} has only ${counted(channels, 'channel')}.`,
    differ: 'Channels of this layer that differ most',
    differTold: 'Each layer is brought to its own largest number first.',
    weights: 'How large its weights are',
    weightsColumns: ['Parameter', 'numbers', 'mean', 'deviation', 'largest'],
    told:
      'Channel 7 of one model and channel 7 of another share nothing but a number, unless one ' +
      'was trained from the other, or both are epochs of one run: then a difference means ' +
      'that something was learned.',
    same:
      'Both are the same model. Choose another one, or open a second file: two epochs of ' +
      'one run.',
  },
  memory: (size: number) => bytes(size),
  number,
} as const;
