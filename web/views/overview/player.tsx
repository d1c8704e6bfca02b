import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { words } from '../../words.ts';

export interface Player {
  /** How many stages are lit. */
  readonly lit: number;
  readonly controls: JSX.Element;
}

/** Lights the stages one after the other. At rest all are lit: the still picture of the same. */
export function usePlayer(stages: number): Player {
  const [lit, setLit] = useState(stages);
  const [playing, setPlaying] = useState(false);
  const [pace, setPace] = useState(2);
  useEffect(() => {
    setLit(stages);
    setPlaying(false);
  }, [stages]);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setTimeout(() => {
      if (lit >= stages) setPlaying(false);
      else setLit(lit + 1);
    }, 1000 / pace);
    return () => clearTimeout(timer);
  }, [playing, lit, pace, stages]);
  const play = (): void => {
    if (lit >= stages) setLit(1);
    setPlaying(true);
  };
  const step = (): void => {
    setPlaying(false);
    setLit(lit >= stages ? 1 : lit + 1);
  };
  const all = (): void => {
    setPlaying(false);
    setLit(stages);
  };
  const controls = (
    <div class="player" role="group" aria-label={words.overview.play}>
      {playing ? (
        <button type="button" onClick={() => setPlaying(false)}>
          {words.overview.pause}
        </button>
      ) : (
        <button type="button" onClick={play}>
          {words.overview.play}
        </button>
      )}
      <button type="button" onClick={step}>
        {words.overview.step}
      </button>
      <button type="button" onClick={all} disabled={lit >= stages}>
        {words.overview.all}
      </button>
      <label>
        {words.overview.speed}
        <input
          type="range"
          min="0.5"
          max="8"
          step="0.5"
          value={pace}
          onInput={(event) => setPace(Number(event.currentTarget.value))}
        />
      </label>
    </div>
  );
  return { lit, controls };
}
