import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { View as ViewName } from '../state/address.ts';
import { address } from '../state/address.ts';
import type { Current } from '../state/current.ts';
import { Failure } from '../parts/waiting.tsx';
import { Overview } from '../views/overview/view.tsx';
import { words } from '../words.ts';

type ViewComponent = ComponentType<{ readonly current: Current }>;

/** All views but the first are loaded when they are asked for. */
const loaders: Readonly<Record<Exclude<ViewName, 'overview'>, () => Promise<ViewComponent>>> = {
  layer: async () => (await import('../views/layer/view.tsx')).LayerView,
  unit: async () => (await import('../views/unit/view.tsx')).UnitView,
  why: async () => (await import('../views/why/view.tsx')).WhyView,
  lesson: async () => (await import('../views/lesson/view.tsx')).LessonView,
  compare: async () => (await import('../views/compare/view.tsx')).CompareView,
};

const loaded = new Map<ViewName, ViewComponent>([['overview', Overview]]);

/** The view that the address names. */
export function View({ current }: { readonly current: Current }): JSX.Element {
  const { view } = address.value;
  const [, setArrived] = useState<ViewName>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    if (view === 'overview' || loaded.has(view)) return;
    loaders[view]().then(
      (component) => {
        loaded.set(view, component);
        setArrived(view);
      },
      (error: Error) => setProblem(error.message),
    );
  }, [view]);
  const Found = loaded.get(view);
  if (Found !== undefined) return <Found current={current} />;
  if (problem !== undefined) return <Failure reason={problem} />;
  return (
    <p class="waiting" role="status">
      {words.pending}
    </p>
  );
}
