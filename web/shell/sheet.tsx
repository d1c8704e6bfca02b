import type { JSX, RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { words } from '../words.ts';
import { openFiles } from './drops.ts';

const side = 256;

/** A picture from the camera, or drawn by hand, in a dialog of the browser's own. */
export function Sheet(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [kind, setKind] = useState<'camera' | 'draw'>('draw');
  const [problem, setProblem] = useState<string>();
  const open = (one: 'camera' | 'draw'): void => {
    setKind(one);
    setProblem(undefined);
    dialog.current?.showModal();
    if (one === 'draw') blank(canvas.current!);
    else openCamera(video.current!).catch((error: Error) => setProblem(error.message));
  };
  const done = (): void => {
    if (kind === 'camera') takeFrom(video.current!, canvas.current!);
    save(canvas.current!, kind === 'camera' ? words.pictures.photo : words.pictures.drawing);
    dialog.current?.close();
  };
  const { pictures } = words;
  return (
    <>
      <button type="button" aria-haspopup="dialog" onClick={() => open('camera')}>
        {pictures.camera}
      </button>
      <button type="button" aria-haspopup="dialog" onClick={() => open('draw')}>
        {pictures.draw}
      </button>
      <dialog
        ref={dialog}
        class="sheet"
        aria-label={kind === 'camera' ? pictures.camera : pictures.draw}
        onClose={() => stopCamera(video.current!)}
      >
        {problem !== undefined && <p role="alert">{pictures.noCamera(problem)}</p>}
        <video ref={video} hidden={kind !== 'camera'} muted playsInline />
        <Paper canvas={canvas} hidden={kind !== 'draw'} />
        <div class="buttons">
          <button type="button" onClick={done} disabled={problem !== undefined}>
            {kind === 'camera' ? pictures.take : pictures.look}
          </button>
          {kind === 'draw' && (
            <button type="button" onClick={() => blank(canvas.current!)}>
              {pictures.clear}
            </button>
          )}
          <button type="button" onClick={() => dialog.current?.close()}>
            {pictures.close}
          </button>
        </div>
      </dialog>
    </>
  );
}

function Paper({
  canvas,
  hidden,
}: {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly hidden: boolean;
}): JSX.Element {
  const draw = (event: PointerEvent): void => {
    const target = canvas.current;
    const context = target?.getContext('2d');
    if (!target || !context || event.buttons === 0) return;
    const scale = side / target.clientWidth;
    const [x, y] = [event.offsetX * scale, event.offsetY * scale];
    context.lineWidth = 12;
    context.lineCap = 'round';
    context.strokeStyle = '#222222';
    context.beginPath();
    context.moveTo(x - event.movementX * scale, y - event.movementY * scale);
    context.lineTo(x, y);
    context.stroke();
  };
  return (
    <canvas
      ref={canvas}
      class="paper"
      width={side}
      height={side}
      hidden={hidden}
      role="img"
      aria-label={words.pictures.canvas}
      onPointerDown={draw}
      onPointerMove={draw}
    />
  );
}

function blank(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#f4f1e8';
  context.fillRect(0, 0, side, side);
}

async function openCamera(video: HTMLVideoElement): Promise<void> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new Error('this page is not secure (https).');
  video.srcObject = await devices.getUserMedia({ video: { facingMode: 'environment' } });
  await video.play();
}

function stopCamera(video: HTMLVideoElement): void {
  if (video.srcObject instanceof MediaStream)
    for (const track of video.srcObject.getTracks()) track.stop();
  video.srcObject = null;
}

/** The middle square of what the camera sees. */
function takeFrom(video: HTMLVideoElement, canvas: HTMLCanvasElement): void {
  const least = Math.min(video.videoWidth, video.videoHeight);
  const [left, top] = [(video.videoWidth - least) / 2, (video.videoHeight - least) / 2];
  canvas.getContext('2d')!.drawImage(video, left, top, least, least, 0, 0, side, side);
}

function save(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => {
    if (blob !== null) openFiles([new File([blob], `${name}.png`, { type: 'image/png' })]);
  });
}
