import type { JSX } from 'preact';
import type { LayerFacts, ModelAnswer } from '../../compute/protocol.ts';
import { Formula } from '../../parts/formula.tsx';
import { bytes, count, large } from '../../format.ts';
import { linkTo } from '../../state/address.ts';
import { shapeText } from '../../state/current.ts';
import { words } from '../../words.ts';

/** What each layer takes, its share of the whole to scale. */
export function Costs({ model }: { readonly model: ModelAnswer }): JSX.Element {
  const { columns, costs, total } = words.overview;
  const memory = model.layers.reduce((sum, { outputBytes }) => sum + outputBytes, 0);
  const totals = { parameters: model.parameters, work: model.multiplyAdds, memory };
  return (
    <section>
      <h2 id="costs">{costs}</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-labelledby="costs">
        <table class="costs">
          <thead>
            <tr>
              <th scope="col">{columns.layer}</th>
              <th scope="col">{columns.size}</th>
              <th scope="col">{columns.formula}</th>
              <th scope="col">{columns.parameters}</th>
              <th scope="col">{columns.work}</th>
              <th scope="col">{columns.memory}</th>
            </tr>
          </thead>
          <tbody>
            {model.layers.map((layer) => (
              <Row key={layer.name} layer={layer} totals={totals} />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{total}</th>
              <td />
              <td />
              <td class="n">{count(totals.parameters)}</td>
              <td class="n">{count(totals.work)}</td>
              <td class="n">{bytes(totals.memory)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}

interface Totals {
  readonly parameters: number;
  readonly work: number;
  readonly memory: number;
}

function Row({
  layer,
  totals,
}: {
  readonly layer: LayerFacts;
  readonly totals: Totals;
}): JSX.Element {
  const link = linkTo({ view: 'layer', layer: layer.name, unit: undefined, place: undefined });
  return (
    <tr>
      <th scope="row">
        <a href={link}>{layer.name}</a> <span class="soft">{layer.words}</span>
      </th>
      <td>{shapeText(layer)}</td>
      <td>
        <Formula text={layer.formula} />
      </td>
      <Share value={layer.parameters} total={totals.parameters} text={large} />
      <Share value={layer.multiplyAdds} total={totals.work} text={large} />
      <Share value={layer.outputBytes} total={totals.memory} text={bytes} />
    </tr>
  );
}

function Share({
  value,
  total,
  text,
}: {
  readonly value: number;
  readonly total: number;
  readonly text: (value: number) => string;
}): JSX.Element {
  return (
    <td class="n share" style={{ '--share': `${total > 0 ? (100 * value) / total : 0}%` }}>
      {value === 0 ? '' : text(value)}
    </td>
  );
}
