import type { EpochEntry } from '../training/core/entries.ts';
import type { StepProgress, TrainEvent, TrainPlan } from '../training/core/events.ts';
import { duration } from './duration.ts';
import type { Terminal } from './terminal.ts';
import { bytes, grouped, percent } from '../text.ts';

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
  return (event) => {
    switch (event.kind) {
      case 'plan':
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
        return tell(epochLine(event.entry, event.epochs, event.best));
    }
  };
}

function planLines(plan: TrainPlan): string[] {
  const pictures = `${grouped(plan.train)} training and ${grouped(plan.validation)} validation pictures of ${plan.classes} classes`;
  return [
    `${plan.variant}, ${grouped(plan.parameters)} parameters, ${plan.input}×${plan.input} ` +
      `pixels; recipe ${plan.recipe}; ${plan.engine} engine, ${plan.precision}, ` +
      `${plan.threads} thread${plan.threads === 1 ? '' : 's'}`,
    `${pictures}; batch ${plan.batch}, ${grouped(plan.stepsPerEpoch)} steps per epoch, ${plan.epochs} epochs${plan.from > 0 ? `, ${plan.from} of them done` : ''}`,
    `about ${duration(plan.seconds)} and ${bytes(plan.memoryBytes)} of memory; everything ` +
      `goes to ${plan.folder}`,
  ];
}

function stepLine({
  epoch,
  epochs,
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
    `epoch ${epoch}/${epochs}`,
    `step ${step}/${steps}`,
    `loss ${loss.toFixed(3)}`,
    `top-1 ${percent(top1, 1)}`,
    `rate ${learningRate.toPrecision(2)}`,
    `${imagesPerSecond.toPrecision(3)} images/s`,
    `waiting ${(100 * waiting).toFixed(0)} %`,
    `${duration(secondsLeft)} left`,
  ].join('  ');
}

function epochLine(
  { epoch, train, validation, imagesPerSecond, seconds }: EpochEntry,
  epochs: number,
  best: boolean,
): string {
  const learned = `loss ${train.loss.toFixed(3)}  top-1 ${percent(train.top1, 1)}`;
  const seen =
    validation === null
      ? ''
      : `  |  validation loss ${validation.loss.toFixed(3)}  top-1 ` +
        `${percent(validation.top1, 1)}  top-5 ` +
        `${percent(validation.top5, 1)}${best ? '  best' : ''}`;
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  ${learned}${seen}  |  ${imagesPerSecond.toPrecision(3)} images/s  ${duration(seconds)}`;
}
