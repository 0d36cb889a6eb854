const DAY_MS = 86_400_000;

/** Labels of the time axis in the viewer's zone: the clock for short windows, day and clock for long ones. */
export function timeLabels(points: readonly { readonly at: number }[], stepMs: number): string[] {
  const span = points.length * stepMs;
  const format = new Intl.DateTimeFormat(
    'en-GB',
    span > 2 * DAY_MS
      ? { day: 'numeric', month: 'short', ...(stepMs < DAY_MS ? { hour: '2-digit', minute: '2-digit' } : {}) }
      : { hour: '2-digit', minute: '2-digit', ...(stepMs < 60_000 ? { second: '2-digit' } : {}) },
  );
  return points.map((point) => format.format(point.at));
}
