import type { JSX } from 'preact';
import type { LessonParts } from 'alexnet/browser';
import { evidencePlace } from 'alexnet/browser';
import { address, go } from '../../state/address.ts';
import { percent } from '../../format.ts';
import { words } from '../../words.ts';
import { ArithmeticView, FigureView, GalleryView, TableView } from './figures.tsx';
import { PlayView } from './play.tsx';
import { Text } from './text.tsx';

/** One block of the lesson. */
export function BlockView({ block }: { readonly block: LessonParts.Block }): JSX.Element {
  switch (block.kind) {
    case 'text':
      return (
        <p>
          <Text text={block.text} />
        </p>
      );
    case 'heading':
      return <h3>{block.text}</h3>;
    case 'list':
      return (
        <ul class="bullets">
          {block.items.map((item) => (
            <li key={item}>
              <Text text={item} />
            </li>
          ))}
        </ul>
      );
    case 'formula':
      return (
        <div class="lines">
          {block.lines.map((line) => (
            <code key={line}>{line}</code>
          ))}
        </div>
      );
    case 'table':
      return <TableView table={block} />;
    case 'figure':
      return <FigureView figure={block} />;
    case 'gallery':
      return <GalleryView gallery={block} />;
    case 'arithmetic':
      return <ArithmeticView arithmetic={block} />;
    case 'cards':
      return (
        <div class="cards">
          {block.cards.map((card) => (
            <CardView key={card.id} card={card} />
          ))}
        </div>
      );
    case 'claims':
      return (
        <>
          {block.claims.map((claim) => (
            <ClaimView key={claim.claim} claim={claim} />
          ))}
        </>
      );
    case 'try':
      return <Tries tries={block.tries} />;
    case 'exercise':
      return <Exercise question={block.question} answer={block.answer} />;
    case 'play':
      return <PlayView play={block} />;
  }
}

/** A layer's card, which sets the network beside the text. */
function CardView({
  card: { id, title, about, facts, shares },
}: {
  readonly card: LessonParts.Card;
}): JSX.Element {
  const chosen = address.value.layer === id;
  return (
    <article class="card">
      <h3>{title}</h3>
      <p>{about}</p>
      <dl>
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {shares.map(({ name, share }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="part" style={{ '--share': `${100 * share}%` }}>
              {percent(share)}
            </dd>
          </div>
        ))}
      </dl>
      <button type="button" aria-pressed={chosen} onClick={() => go({ layer: id }, true)}>
        {words.lesson.show(id)}
      </button>
    </article>
  );
}

function ClaimView({
  claim: { claim, evidence, ours, tries = [] },
}: {
  readonly claim: LessonParts.Claim;
}): JSX.Element {
  return (
    <details class="claim">
      <summary>
        <Text text={claim} />
      </summary>
      <ul class="bullets">
        {evidence.map((one) => (
          <li key={one.says}>
            <span class="soft">
              <Text text={evidencePlace(one)} />:
            </span>{' '}
            <Text text={one.says} />
          </li>
        ))}
      </ul>
      {ours !== undefined && (
        <p>
          <span class="soft">{words.lesson.ours}:</span> <Text text={ours} />
        </p>
      )}
      {tries.length > 0 && <Tries tries={tries} />}
    </details>
  );
}

function Tries({ tries }: { readonly tries: readonly LessonParts.Try[] }): JSX.Element {
  return (
    <div class="try">
      <p>
        <strong>{words.lesson.tryIt}</strong>
      </p>
      <ul class="bullets">
        {tries.map(({ command, shows, slow }) => (
          <li key={command}>
            <code>npx alexnet {command}</code>
            <br />
            <Text text={shows} />
            {slow !== undefined && (
              <span class="soft">
                {' '}
                <Text text={slow} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A question to answer in one's head before it is opened. */
function Exercise({
  question,
  answer,
}: {
  readonly question: string;
  readonly answer: readonly string[];
}): JSX.Element {
  return (
    <div class="exercise">
      <p>
        <strong>{words.lesson.exercise}</strong> <Text text={question} />
      </p>
      <p class="soft">{words.lesson.guess}</p>
      <details>
        <summary>{words.lesson.reveal}</summary>
        {answer.map((text) => (
          <p key={text}>
            <Text text={text} />
          </p>
        ))}
      </details>
    </div>
  );
}
