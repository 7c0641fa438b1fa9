/** Draws a run's learning curve as SVG: held-out success with its intervals, and the training reward behind it. */

export interface CurvePoint {
  readonly update: number;
  readonly value: number;
  /** 95 % interval, where there is one. */
  readonly interval?: readonly [low: number, high: number];
}

export interface CurveSeries {
  readonly label: string;
  readonly colour: string;
  readonly points: readonly CurvePoint[];
  /** Thin lines are context, thick ones the result. */
  readonly thin?: boolean;
}

const width = 720;
const height = 400;
const margin = { left: 56, right: 24, top: 48, bottom: 92 };

/** @param series values in [0, 1]. */
export function learningCurveSvg(title: string, series: readonly CurveSeries[]): string {
  const lastUpdate = Math.max(1, ...series.flatMap(({ points }) => points.map(({ update }) => update)));
  const x = (update: number): number =>
    round(margin.left + (update / lastUpdate) * (width - margin.left - margin.right));
  const y = (value: number): number => round(height - margin.bottom - value * (height - margin.top - margin.bottom));

  const grid = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (value) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(value)}" y2="${y(value)}" stroke="#e3e3e3"/>` +
      `<text x="${margin.left - 8}" y="${y(value) + 4}" text-anchor="end">${Math.round(value * 100)} %</text>`,
  );
  const ticks = ticksUpTo(lastUpdate).map(
    (update) => `<text x="${x(update)}" y="${height - margin.bottom + 18}" text-anchor="middle">${update}</text>`,
  );
  const lines = series.flatMap(({ colour, points, thin }) => [
    ...points
      .filter(({ interval }) => interval)
      .map(({ update, interval }) => {
        const [low, high] = interval!;
        return `<line x1="${x(update)}" x2="${x(update)}" y1="${y(low)}" y2="${y(high)}" stroke="${colour}" stroke-width="2"/>`;
      }),
    // Two measurements are joined by dashes: nobody measured what lies between.
    `<polyline fill="none" stroke="${colour}" stroke-width="${thin ? 1.2 : 2.5}" ${thin ? 'opacity="0.55" ' : ""}${
      points.length === 2 ? 'stroke-dasharray="2 6" ' : ""
    }points="${points.map(({ update, value }) => `${x(update)},${y(value)}`).join(" ")}"/>`,
    ...(thin
      ? []
      : points.map(({ update, value }) => `<circle cx="${x(update)}" cy="${y(value)}" r="3.5" fill="${colour}"/>`)),
  ]);
  const column = (width - margin.left - margin.right) / 2;
  const legend = series.map(({ label, colour }, index) => {
    const left = margin.left + (index % 2) * column;
    const top = height - 34 + Math.floor(index / 2) * 18;
    return (
      `<rect x="${left}" y="${top - 9}" width="14" height="4" fill="${colour}"/>` +
      `<text x="${left + 20}" y="${top - 3}">${escapeXml(label)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin.left}" y="26" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
    ...grid,
    ...ticks,
    `<text x="${(margin.left + width - margin.right) / 2}" y="${height - margin.bottom + 36}" text-anchor="middle">policy updates</text>`,
    ...lines,
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}

function ticksUpTo(last: number): number[] {
  const rough = last / 6;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= rough) ?? 1;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

const round = (value: number): number => Math.round(value * 10) / 10;

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
