import type { JSX } from 'preact';
import type { ModelAnswer } from '../compute/protocol.ts';
import { bytes, count, percent } from '../format.ts';
import { words } from '../words.ts';

/** Where a model comes from, what it takes, and what had to be assumed about it. */
export function ModelFacts({ model }: { readonly model: ModelAnswer }): JSX.Element {
  const { models } = words;
  const facts: readonly (readonly [string, string])[] = [
    [models.parameters, `${count(model.parameters)} (${bytes(model.weightsBytes)})`],
    [models.work, count(model.multiplyAdds)],
    [models.classes, classesText(model.labels)],
    [models.file, model.variant === undefined ? model.kind : `${model.kind}, ${model.variant}`],
    [models.memory, bytes(model.memoryBytes)],
    ...(model.score ? [[models.score, scoreText(model.score)] as const] : []),
    ...model.provenance.map(([key, value]) => [key, cut(value)] as const),
  ];
  return (
    <details class="about">
      <summary>{models.about}</summary>
      {models.told[model.id]?.about.map((text) => (
        <p key={text}>{text}</p>
      ))}
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Told title={models.guesses} texts={model.guesses} />
      <Told title={models.warnings} texts={model.warnings} />
    </details>
  );
}

function Told({
  title,
  texts,
}: {
  readonly title: string;
  readonly texts: readonly string[];
}): JSX.Element | null {
  if (texts.length === 0) return null;
  return (
    <>
      <p>
        <strong>{title}</strong>
      </p>
      <ul>
        {texts.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  );
}

function scoreText({ images, top1, top5 }: NonNullable<ModelAnswer['score']>): string {
  return words.models.scoreTold(images, percent(top1), percent(top5));
}

function classesText(labels: readonly string[]): string {
  const some = labels.slice(0, 6).join(', ');
  return `${count(labels.length)}: ${some}${labels.length > 6 ? ', …' : ''}`;
}

function cut(text: string): string {
  return text.length <= 240 ? text : `${text.slice(0, 240)}…`;
}
