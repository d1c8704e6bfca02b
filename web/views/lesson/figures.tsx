import type { JSX } from 'preact';
import type { LessonParts } from 'alexnet/browser';
import { Text } from './text.tsx';

export function TableView({
  table: { caption, columns, rows },
}: {
  readonly table: LessonParts.Table;
}): JSX.Element {
  const kind = (i: number): string | undefined => (columns[i]?.numbers === true ? 'n' : undefined);
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title }, i) =>
              title === '' ? (
                <td key={i} />
              ) : (
                <th key={i} scope="col" class={kind(i)}>
                  {title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, y) => (
            <tr key={y}>
              {row.map((cell, i) =>
                i === 0 ? (
                  <th key={i} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={i} class={kind(i)}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The lesson's drawings are SVG without anything that runs; its text says what they show. */
export function FigureView({
  figure: { caption, alt, drawing, size },
}: {
  readonly figure: LessonParts.Figure;
}): JSX.Element {
  return (
    <figure class={`drawn ${size}`}>
      {'url' in drawing ? (
        <Sheet pixels={drawing} alt={alt} />
      ) : (
        <svg
          viewBox={`0 0 ${drawing.width} ${drawing.height}`}
          style={{ maxWidth: `${Math.round(drawing.width * 1.2)}px` }}
          role="img"
          aria-label={alt}
          dangerouslySetInnerHTML={{ __html: drawing.content }}
        />
      )}
      <figcaption>
        <Text text={caption} />
      </figcaption>
    </figure>
  );
}

function Sheet({
  pixels: { url, width, height, cells },
  alt,
}: {
  readonly pixels: LessonParts.Pixels;
  readonly alt: string;
}): JSX.Element {
  return (
    <img src={url} alt={alt} width={width} height={height} class={cells ? 'cells' : undefined} />
  );
}

export function GalleryView({
  gallery: { caption, items },
}: {
  readonly gallery: LessonParts.Gallery;
}): JSX.Element {
  return (
    <figure class="gallery">
      <ul>
        {items.map(({ pictures, words }) => (
          <li key={words}>
            {pictures.map((picture) => (
              <Sheet key={picture.url} pixels={picture} alt={picture.alt} />
            ))}
            <span>
              <Text text={words} />
            </span>
          </li>
        ))}
      </ul>
      <figcaption>
        <Text text={caption} />
      </figcaption>
    </figure>
  );
}

export function ArithmeticView({
  arithmetic: { caption, parts },
}: {
  readonly arithmetic: LessonParts.Arithmetic;
}): JSX.Element {
  return (
    <figure class="product arithmetic">
      <div>
        {parts.map((part, i) =>
          typeof part === 'string' ? (
            <span key={i} class="sign">
              {part}
            </span>
          ) : (
            <GridView key={i} grid={part} />
          ),
        )}
      </div>
      <figcaption>
        <Text text={caption} />
      </figcaption>
    </figure>
  );
}

function GridView({
  grid: { label, rows, marked = [] },
}: {
  readonly grid: LessonParts.Grid;
}): JSX.Element {
  const isMarked = (y: number, x: number): boolean =>
    marked.some(([row, column]) => row === y && column === x);
  return (
    <table class="grid told">
      <caption>{label}</caption>
      <tbody>
        {rows.map((row, y) => (
          <tr key={y}>
            {row.map((cell, x) => (
              <td key={x} class={isMarked(y, x) ? 'tinted' : undefined}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
