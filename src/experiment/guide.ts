import { guideOf } from '../lesson/faces/guide.ts';
import { experiments, parseExperiment } from './catalogue/index.ts';
import { experimentLesson } from './lesson.ts';
import type { Findings } from './lesson.ts';

/**
 * What came out of an experiment as a guide, from the `result.json` of its folder: its text
 * `experiments/NAME.md`, and its pictures beside it.
 * @returns path → content.
 */
export function experimentGuide(findings: Findings): Map<string, string | Uint8Array> {
  const { experiment: name } = findings;
  const made =
    `<!-- Made by scripts/lesson.mjs from ${name}.json, a result of alexnet experiment: run make ` +
    'docs. -->';
  const lesson = experimentLesson(experiments[parseExperiment(name)], findings);
  return guideOf(lesson, `experiments/${name}`, made);
}
