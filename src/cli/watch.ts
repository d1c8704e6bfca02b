import type { StepProgress, TrainEvent, TrainPlan } from '../training/core/events.ts';
import { duration } from './duration.ts';
import type { Terminal } from './terminal.ts';
import { bytes, counted, grouped, percent, perSecond } from '../text.ts';

/** Where nothing is redrawn, a line of progress comes this often. */
const plainSeconds = 30;

/** Shows a run as it goes: one line that redraws itself on a terminal, plain lines otherwise. */
export function watcher(terminal: Terminal): (event: TrainEvent) => void {
  let told = performance.now();
  const tell = (line: string): void => {
    terminal.progress('');
    terminal.note(line);
    told = performance.now();
  };
  let classes = Infinity;
  return (event) => {
    switch (event.kind) {
      case 'plan':
        ({ classes } = event.plan);
        return planLines(event.plan).forEach(tell);
      case 'remark':
        return tell(event.text);
      case 'step': {
        const line = stepLine(event.progress);
        if (terminal.animated) terminal.progress(line.slice(0, terminal.width - 1));
        else if (performance.now() - told > 1000 * plainSeconds) tell(line);
        return;
      }
      case 'rate':
        return terminal.progress(
          `step ${event.step} of at most ${event.steps}  rate ${event.rate.toPrecision(2)}  ` +
            `loss ${event.loss.toFixed(3)}`,
        );
      case 'evaluating':
        return terminal.progress(`evaluating: batch ${event.done} of ${event.all}`);
      case 'epoch':
        return tell(epochLine(event, classes));
    }
  };
}

function planLines(plan: TrainPlan): string[] {
  const validation =
    plan.validation === 0
      ? `${counted(plan.train, 'training picture')}, none for validation,`
      : `${grouped(plan.train)} training and ${counted(plan.validation, 'validation picture')}`;
  const epochs = `${plan.estimated ? 'about ' : ''}${counted(plan.epochs, 'epoch')}`;
  return [
    `${plan.variant}, ${grouped(plan.parameters)} parameters, ${plan.input}×${plan.input} ` +
      `pixels; recipe ${plan.recipe}; ${plan.engine} engine, ${plan.precision}, ` +
      counted(plan.threads, 'thread'),
    `${validation} of ${counted(plan.classes, 'class', 'classes')}; batch ${plan.batch}, ` +
      `${counted(plan.stepsPerEpoch, 'step')} per epoch, ${epochs}` +
      (plan.from > 0 ? `, ${plan.from} done` : ''),
    `about ${duration(plan.seconds)} and ${bytes(plan.memoryBytes)} of memory; everything ` +
      `goes to ${plan.folder}`,
  ];
}

function stepLine({
  epoch,
  epochs,
  estimated,
  step,
  steps,
  loss,
  top1,
  learningRate,
  imagesPerSecond,
  waiting,
  secondsLeft,
}: StepProgress): string {
  return [
    `epoch ${epoch}/${estimated ? '~' : ''}${epochs}`,
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `top-1 ${percent(top1, 1)}`,
    `rate ${learningRate.toPrecision(2)}`,
    `${perSecond(imagesPerSecond)} images/s`,
    `waiting ${(100 * waiting).toFixed(0)} %`,
    `${duration(secondsLeft)} left`,
  ].join('  ');
}

type EpochEvent = Extract<TrainEvent, { readonly kind: 'epoch' }>;

function epochLine({ entry, epochs, estimated, best }: EpochEvent, classes: number): string {
  const { epoch, train, validation, imagesPerSecond, seconds } = entry;
  const all = `${estimated ? '~' : ''}${epochs}`;
  const number = `${String(epoch).padStart(String(epochs).length)}/${all}`;
  // Among five classes or fewer, the right one is always among the first five.
  const top5 = validation && classes > 5 ? `  top-5 ${percent(validation.top5, 1)}` : '';
  const learned = `loss ${train.loss.toFixed(3)}  top-1 ${percent(train.top1, 1)}`;
  const seen =
    validation === null
      ? ''
      : `  |  validation loss ${validation.loss.toFixed(3)}  top-1 ` +
        `${percent(validation.top1, 1)}${top5}${best ? '  best' : ''}`;
  const speed = `${perSecond(imagesPerSecond)} images/s  ${duration(seconds)}`;
  return `epoch ${number}  ${learned}${seen}  |  ${speed}`;
}
