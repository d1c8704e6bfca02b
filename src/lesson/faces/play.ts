import type { windowStrip } from '../figures/strip.ts';

/**
 * The script of the page: a reader's own n, k, p and s. It may use nothing from outside itself but
 * `strip`, which the page hands to it.
 */
export function play(strip: typeof windowStrip): void {
  const form = document.querySelector<HTMLFormElement>('#play')!;
  const names = ['n', 'k', 'p', 's'] as const;
  const least = { n: 1, k: 1, p: 0, s: 1 };
  const input = (name: string): HTMLInputElement =>
    form.querySelector<HTMLInputElement>(`input[name=${name}]`)!;
  const answer = form.querySelector<HTMLElement>('output')!;
  const picture = form.querySelector<SVGElement>('svg')!;

  const say = (text: string, drawn: string): void => {
    answer.textContent = text;
    picture.innerHTML = drawn;
  };

  const update = (): void => {
    const wrong = names.find((name) => {
      const value = input(name).valueAsNumber;
      return !Number.isInteger(value) || value < least[name] || value > 1024;
    });
    for (const name of names) input(name).setAttribute('aria-invalid', String(name === wrong));
    if (wrong !== undefined) {
      say(`${wrong} must be a whole number from ${least[wrong]} to 1024.`, '');
      return;
    }
    const [n, k, p, s] = names.map((name) => input(name).valueAsNumber) as [
      number,
      number,
      number,
      number,
    ];
    const room = n - k + 2 * p;
    if (room < 0) {
      say(`The window of ${k} is larger than the map of ${n} and its padding.`, '');
      return;
    }
    const quotient = room / s;
    const output = Math.floor(quotient) + 1;
    const rounded = Math.round(quotient * 1000) / 1000;
    const unseen = room - (output - 1) * s;
    let rest = `${unseen} cells at the end are never seen.`;
    if (unseen === 0) rest = 'Every cell is seen.';
    if (unseen === 1) rest = '1 cell at the end is never seen.';
    say(
      `floor((${n} − ${k} + 2·${p})/${s}) + 1 = floor(${rounded}) + 1 = ${output}. ${rest}`,
      strip({ n, k, p, s }),
    );
  };

  form.addEventListener('input', update);
  form.addEventListener('submit', (event) => event.preventDefault());
  for (const button of form.querySelectorAll<HTMLButtonElement>('button')) {
    button.addEventListener('click', () => {
      for (const name of names) input(name).value = button.dataset[name]!;
      update();
    });
  }
  form.hidden = false;
  update();
}
