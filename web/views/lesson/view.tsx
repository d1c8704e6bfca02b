import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Lesson } from 'alexnet/browser';
import { Failure, Waiting } from '../../parts/waiting.tsx';
import { address, linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { words } from '../../words.ts';
import { Beside } from './beside.tsx';
import { BlockView } from './block.tsx';
import { Text } from './text.tsx';

/** The explanation of AlexNet, a section at a time, with the network beside it. */
export function LessonView({ current }: { readonly current: Current }): JSX.Element {
  const answered = useAnswer('lesson', {});
  if (answered.value === undefined) return <Waiting answered={answered} />;
  const { lesson } = answered.value;
  const { section } = address.value;
  const at = section === undefined ? 0 : lesson.sections.findIndex(({ id }) => id === section);
  if (at < 0) return <Failure reason={words.lesson.none(section ?? '')} />;
  return (
    <div class="lesson">
      <Contents lesson={lesson} at={at} />
      <SectionView lesson={lesson} at={at} />
      <Beside current={current} />
    </div>
  );
}

function Contents({ lesson, at }: { readonly lesson: Lesson; readonly at: number }): JSX.Element {
  return (
    <nav class="contents" aria-label={words.lesson.contents}>
      <ol>
        {lesson.sections.map(({ id, title }, i) => (
          <li key={id}>
            <a href={linkTo({ section: id })} aria-current={i === at ? 'true' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function SectionView({
  lesson,
  at,
}: {
  readonly lesson: Lesson;
  readonly at: number;
}): JSX.Element {
  const section = lesson.sections[at]!;
  const [before, after] = [lesson.sections[at - 1], lesson.sections[at + 1]];
  useEffect(() => scrollTo({ top: 0 }), [section.id]);
  return (
    <article class="section">
      {at === 0 &&
        lesson.lead.map((text) => (
          <p key={text} class="soft">
            <Text text={text} />
          </p>
        ))}
      <h2>{section.title}</h2>
      {section.blocks.map((block, i) => (
        <BlockView key={`${section.id}-${i}`} block={block} />
      ))}
      <p class="turn">
        {before && <a href={linkTo({ section: before.id })}>← {before.title}</a>}
        {after && <a href={linkTo({ section: after.id })}>{after.title} →</a>}
      </p>
    </article>
  );
}
