import type { JSX } from 'preact';
import { go, linkTo } from '../../state/address.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Current } from '../../state/current.ts';
import { shapeText } from '../../state/current.ts';
import { Picture } from '../../parts/image.tsx';
import { numberAt } from './layout.ts';
import type { Stage } from './layout.ts';
import { Wall } from './wall.tsx';

/** One stage of the drawing: a link to its layer, and by its numbers to each of them. */
export function StageView({
  stage,
  current: { scene },
  scale,
  lit,
}: {
  readonly stage: Stage;
  readonly current: Current;
  readonly scale: number;
  readonly lit: boolean;
}): JSX.Element {
  const { layer, title, kind } = stage;
  const shape = shapeText(layer);
  const open = (event: MouseEvent): void => {
    const change = { view: 'layer', layer: layer.name, ...clicked(stage, event) } as const;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go({ unit: undefined, place: undefined, ...change });
  };
  const target = { view: 'layer', layer: layer.name, unit: undefined, place: undefined } as const;
  return (
    <li class={`stage ${lit ? '' : 'unlit'}`} data-layer={layer.name}>
      <a href={linkTo(target)} onClick={open}>
        {kind === 'picture' ? (
          <Seen scene={scene} stage={stage} scale={scale} />
        ) : (
          <Walls scene={scene} stage={stage} scale={scale} />
        )}
        <span class="stage-name">{title}</span>
        <span class="stage-size">{shape}</span>
      </a>
    </li>
  );
}

interface DrawnProps {
  readonly scene: Current['scene'];
  readonly stage: Stage;
  readonly scale: number;
}

function Seen({ scene, stage: { width, height }, scale }: DrawnProps): JSX.Element {
  const { value } = useAnswer('answer', scene);
  const size = { width: `${width * scale}px`, height: `${height * scale}px` };
  return (
    <span class="seen" style={size}>
      {value && <Picture pixels={value.picture} cells={scale >= 2} />}
    </span>
  );
}

function Walls({ scene, stage, scale }: DrawnProps): JSX.Element {
  const { value } = useAnswer('maps', { ...scene, layer: stage.layer.name });
  const towers = Array.from({ length: stage.towers }, (_, tower) => (
    <Wall key={tower} {...{ stage, tower, maps: value, scale }} />
  ));
  return <span class="walls">{towers}</span>;
}

/** The number under the pointer, as a change of the address. */
function clicked(stage: Stage, { target, offsetX, offsetY }: MouseEvent): object {
  if (!(target instanceof HTMLCanvasElement) || stage.kind === 'picture') return {};
  const { width, height } = target.getBoundingClientRect();
  const tower = Number(target.dataset['tower']);
  return (
    numberAt(stage, tower, (offsetX / width) * stage.width, (offsetY / height) * stage.height) ?? {}
  );
}
