import { costs } from '../../network/costs.ts';
import { volume } from '../../network/shapes.ts';
import { alexnet } from '../../network/variants.ts';
import { bytes, grouped, percent } from '../../text.ts';
import {
  layer,
  millions,
  millions1,
  paperCost,
  shareOf,
  singleCost,
  sumOf,
  trainingSize,
  weightsSize,
} from '../count.ts';
import type { Claim, Section } from '../lesson.ts';
import { measured } from '../measured.ts';
import { ablations, published } from '../published.ts';

/** Reports of students, whose course made this split. */
const caltechReports =
  'Caltech-101, a 2020 course’s split (MachineLearning2020/Homework2-Caltech101)';

export function judgement(): Section {
  return {
    id: 'judgement',
    title: 'For and against',
    blocks: [
      {
        kind: 'text',
        text:
          'Each point with what it rests on, something to try, and what this project does ' +
          'about it.',
      },
      { kind: 'heading', text: 'For' },
      {
        kind: 'claims',
        claims: [effectiveness(), features(), lrn(), augmentation(), parallel()],
      },
      { kind: 'heading', text: 'Against' },
      {
        kind: 'claims',
        claims: [work(), overfitting(), memory(), data(), constrained(), interpretability()],
      },
    ],
  };
}

function effectiveness(): Claim {
  return {
    claim: 'It works: far fewer errors than anything before it.',
    evidence: [
      {
        from: 'paper',
        where: '§6',
        says:
          'top-5 error on ILSVRC-2010: 17.0 % against 25.7 % for the best published before; in ' +
          'the contest of 2012 15.3 % (seven networks) against 26.2 %.',
      },
      {
        from: 'measured',
        command: measured.caltechOneCrop.command,
        says:
          'on 2,893 images of 101 kinds (Caltech-101) that were not in training, from scratch ' +
          `with 5,201 others: ${measured.caltechOneCrop.value.toFixed(1)} % right with one crop, ` +
          `${measured.caltechTenCrops.value} % with ten. Published for the same split, with a ` +
          `rate of 0.05 in 30 epochs: ${measured.caltechPublished.value} %.`,
        noted: measured.caltechOneCrop,
      },
    ],
    ours: 'evaluate says top-1 and top-5, on how many images, with how many crops.',
    tries: [
      {
        kind: 'command',
        command: 'demo',
        shows: 'six kinds of drawn things learned from scratch in a few minutes',
        slow: '97.7 % of 300 images that it had never seen are named rightly.',
      },
    ],
  };
}

function features(): Claim {
  return {
    claim: 'Convolutions find features with few parameters, and the features serve other tasks.',
    evidence: [
      {
        from: 'network',
        command: 'explain',
        says:
          `${shareOf('convolution', 'parameters')} of the parameters do ` +
          `${shareOf('convolution', 'multiplyAdds')} of the work. conv1 as a dense layer would ` +
          `have ${denseConv1()} weights instead of ${grouped(layer('conv1').parameters)}.`,
      },
      {
        from: 'source',
        where: caltechReports,
        says:
          'from scratch 49 % right (rate 0.05, 30 epochs); with weights learned on ImageNet ' +
          'first 82 to 85 %.',
      },
    ],
    ours:
      'train --from takes over every layer that fits; with other classes the last one starts ' +
      'fresh.',
    tries: [
      {
        kind: 'command',
        command: 'train demo/pictures --from demo/run/model.safetensors --epochs 2 --out runs/more',
        shows: 'which layers were taken over and which start fresh',
        slow:
          'Taken over: conv1 to fc8, all of them, for the classes are the same; after 2 epochs ' +
          '97.3 % of 300 other images are named rightly.',
      },
    ],
  };
}

/** A weight from each input number to each of conv1's output numbers. */
function denseConv1(): string {
  const { input, output } = layer('conv1');
  return `${((volume(input) * volume(output)) / 1e9).toFixed(1)} G`;
}

function lrn(): Claim {
  return {
    claim: 'LRN helped this network.',
    evidence: [
      {
        from: 'paper',
        where: '§3.3',
        says: `${ablations.lrn.top1}/${ablations.lrn.top5} points of top-1/top-5 error.`,
      },
      {
        from: 'source',
        where: 'Simonyan and Zisserman 2014, §2.1',
        says: 'in a deeper network no gain on ILSVRC, but more memory and time.',
      },
    ],
    ours: 'Every convention of LRN is here, and a variant without it.',
    tries: [
      {
        kind: 'command',
        command: 'explain --variant torchvision',
        shows: 'the same idea without LRN',
      },
    ],
  };
}

function augmentation(): Claim {
  return {
    claim: 'Augmentation makes a large network possible with the images there are.',
    evidence: [
      {
        from: 'paper',
        where: '§4.1',
        says:
          `${grouped(published.views)} views of each image; without them “substantial ` +
          'overfitting”. Colour: over 1 point of top-1 error.',
      },
    ],
    ours: 'Recipes hold crop, mirror, colour and more as data; each can be switched off.',
    tries: [
      {
        kind: 'command',
        command:
          'train demo/pictures --settings demo/run/settings.json --set augmentation.mirror=0 ' +
          '--out runs/no-mirror',
        shows: 'the demo’s run with one thing changed: compare top-1 in training and in validation',
        slow:
          'Without mirror images 94.9 % right in training and 94.3 % of 300 other images; the ' +
          'demo, with them, 95.9 % and 97.7 %.',
      },
    ],
  };
}

function parallel(): Claim {
  const saved = singleCost.multiplyAdds - paperCost.multiplyAdds;
  const { inferenceOneThread, inferenceTwoThreads } = measured;
  return {
    claim: 'It divides well among processors.',
    evidence: [
      {
        from: 'paper',
        where: '§3.2',
        says:
          'two GPUs, each with half of the kernels; ' +
          `${ablations.twoGpus.top1}/${ablations.twoGpus.top5} points better than a narrower one.`,
      },
      {
        from: 'network',
        command: 'explain --variant single',
        says: `the groups save ${percent(saved, singleCost.multiplyAdds)} of the work.`,
      },
      {
        from: 'measured',
        command: inferenceTwoThreads.command,
        says:
          `${inferenceOneThread.value} images per second on one thread, ` +
          `${inferenceTwoThreads.value} on two, in turn.`,
        noted: inferenceTwoThreads,
      },
    ],
    ours: 'All engines use every core, and the answers do not depend on how many on wasm.',
    tries: [
      {
        kind: 'command',
        command: 'bench --variant small --threads 1 --batch 8 --steps 3',
        shows: 'the same with --threads 2',
      },
    ],
  };
}

function work(): Claim {
  return {
    claim: 'It takes much computing.',
    evidence: [
      {
        from: 'network',
        command: 'explain',
        says:
          `${millions(paperCost.multiplyAdds)} multiply-adds for one image; ` +
          'a training step about three times that.',
      },
      { from: 'paper', where: '§5', says: '5 to 6 days on two GPUs.' },
      {
        from: 'measured',
        command: measured.training.command,
        says: `${measured.training.value} images per second trained on two virtual CPU cores.`,
        noted: measured.training,
      },
    ],
    ours:
      'Engines in WebAssembly and in C++; a recipe that learns small sets at 99 pixels, for a ' +
      'sixth of the work.',
    tries: [
      {
        kind: 'command',
        command: 'bench --batch 1 --steps 2',
        shows: 'images per second and GFLOP/s on this machine',
      },
    ],
  };
}

function overfitting(): Claim {
  const { parameters } = paperCost;
  return {
    claim: 'It overfits.',
    evidence: [
      {
        from: 'network',
        command: 'explain',
        says:
          `${millions1(parameters)} parameters, ` +
          `${(parameters / published.trainingImages).toFixed(0)} for each of the ` +
          `${grouped(published.trainingImages)} training images; ` +
          `${millions1(sumOf(paperCost, 'dense', 'parameters'))} of them dense.`,
      },
      {
        from: 'paper',
        where: '§4',
        says: 'augmentation and dropout are there for this; without either, substantially.',
      },
    ],
    ours: 'Both, and label smoothing, weight decay, averages of weights, early stopping.',
    tries: [
      {
        kind: 'command',
        command:
          'train demo/pictures --settings demo/run/settings.json --set dropout=0 ' +
          '--out runs/no-dropout',
        shows: 'the demo’s run with one thing changed: compare top-1 in training and in validation',
        slow:
          'Without dropout 97.3 % right in training and 97.0 % of 300 other images; the demo, ' +
          'with it, 95.9 % and 97.7 %. A difference of 2 images of 300 shows nothing.',
      },
    ],
  };
}

function memory(): Claim {
  return {
    claim: 'It needs much memory.',
    evidence: [
      {
        from: 'network',
        command: 'explain',
        says:
          `in 32-bit numbers: ${weightsSize} of weights; ${trainingSize} at least for a ` +
          `training step of ${published.batch} images.`,
      },
      {
        from: 'measured',
        command: measured.trainingMemory.command,
        says:
          `${measured.trainingMemory.value} GiB ` +
          `(${bytes(measured.trainingMemory.value * 2 ** 30)}) ` +
          'in the session that trains such a step.',
        noted: measured.trainingMemory,
      },
    ],
    ours: 'Memory is planned before the first step; what does not fit is refused with what would.',
    tries: [
      {
        kind: 'command',
        command: 'explain --batch 1',
        shows: 'how much of it is weights and how much is images',
      },
    ],
  };
}

function data(): Claim {
  return {
    claim: 'It needs many labelled images.',
    evidence: [
      {
        from: 'paper',
        where: '§1 and §2',
        says: `${grouped(published.trainingImages)} labelled images, and overfitting even so.`,
      },
      {
        from: 'source',
        where: caltechReports,
        says: '5,784 images teach it 49 % (rate 0.05, 30 epochs); with ImageNet first, 82 to 85 %.',
      },
    ],
    ours: 'Recipes for small sets, fine-tuning, and a check of the data before training.',
    tries: [
      {
        kind: 'command',
        command: 'data check demo/pictures',
        shows: 'classes, counts, and what is wrong with single files',
      },
    ],
  };
}

function constrained(): Claim {
  const small = costs(alexnet('small', { classes: 10 }));
  return {
    claim: 'It is too large for small devices as it is.',
    evidence: [
      {
        from: 'network',
        command: 'explain',
        says: `${weightsSize} to store and to load for the first answer.`,
      },
      {
        from: 'measured',
        command: measured.inferenceOneImage.command,
        says:
          `${measured.inferenceOneImage.value} images per second one at a time on two CPU ` +
          `cores.`,
        noted: measured.inferenceOneImage,
      },
      {
        from: 'source',
        where: 'Deep Compression, arXiv 1510.00149',
        says: 'the same accuracy from 6.9 MB instead of 240 MB.',
      },
    ],
    ours:
      `Variant small: ${grouped(small.parameters)} parameters, ${bytes(small.weightsBytes)}, for ` +
      '10 classes of images of 32×32. It runs in a browser without installation.',
    tries: [
      {
        kind: 'command',
        command: 'explain --variant small --classes 10',
        shows: 'where its parameters went',
      },
    ],
  };
}

function interpretability(): Claim {
  return {
    claim: 'It does not say why.',
    evidence: [
      {
        from: 'network',
        command: 'explain',
        says: `${grouped(paperCost.parameters)} numbers, and no reasons among them.`,
      },
      {
        from: 'measured',
        command: measured.guidedCorrelation.command,
        says:
          'some popular heat maps look right and show nothing learned: with the dense layers ' +
          'shuffled, guided backpropagation stays as it was (rank correlation ' +
          `${measured.guidedCorrelation.value}).`,
        noted: measured.guidedCorrelation,
      },
    ],
    ours: 'Eight ways to ask why, each with what it cannot show, and --randomize to check them.',
    tries: [
      {
        kind: 'command',
        command:
          'inspect why demo/run/model.safetensors demo/pictures/test/star/star-0330.png ' +
          '--method guided-backprop --randomize fc6',
        shows: 'two heat maps and their rank correlation: does the second differ?',
      },
    ],
  };
}
