/** The windows to choose from, by their name in the URL. */
export const WINDOWS: readonly { readonly value: string; readonly label: string; readonly ms: number }[] = [
  { value: '15m', label: '15 min', ms: 900_000 },
  { value: '1h', label: '1 h', ms: 3_600_000 },
  { value: '24h', label: '24 h', ms: 86_400_000 },
  { value: '7d', label: '7 d', ms: 7 * 86_400_000 },
  { value: '30d', label: '30 d', ms: 30 * 86_400_000 },
];
export const DEFAULT_WINDOW = '1h';

export const windowMsOf = (value: string | undefined): number =>
  (
    WINDOWS.find((window) => window.value === value) ??
    WINDOWS.find((window) => window.value === DEFAULT_WINDOW)
  )?.ms ?? 3_600_000;
