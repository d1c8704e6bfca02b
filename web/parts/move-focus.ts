/**
 * Arrow keys move the focus among the links of a list that wraps: left and right to the next, up
 * and
 * down to the nearest in the row above and below.
 */
export function moveFocus(event: KeyboardEvent, list: HTMLElement | null): void {
  if (!event.key.startsWith('Arrow') || list === null) return;
  const links = [...list.querySelectorAll<HTMLElement>('a')];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = at < 0 ? undefined : links[at + stepOf(event.key, links)];
  if (next === undefined) return;
  event.preventDefault();
  links[at]!.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function stepOf(key: string, links: readonly HTMLElement[]): number {
  const inRow = links.findIndex((link) => link.offsetTop !== links[0]!.offsetTop);
  const row = inRow < 0 ? links.length : inRow;
  switch (key) {
    case 'ArrowLeft':
      return -1;
    case 'ArrowRight':
      return 1;
    case 'ArrowUp':
      return -row;
    default:
      return row;
  }
}
