import { lessonPage } from '../lesson/faces/page.ts';
import type { Experiment } from './experiment.ts';
import { experimentLesson } from './lesson.ts';
import type { Findings } from './lesson.ts';

/** An experiment and what came out, as one HTML file that asks for nothing else. */
export function experimentPage(experiment: Experiment, findings: Findings): string {
  return lessonPage(experimentLesson(experiment, findings));
}
