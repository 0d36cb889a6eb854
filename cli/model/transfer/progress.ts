interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how far something is that takes a known number of bytes. */
export interface ByteProgress {
  /** So many more are done. */
  readonly add: (bytes: number) => void;
  /** So many are done in all: after a break, some have to be done again. */
  readonly set: (bytes: number) => void;
  /** Takes the bar away. */
  readonly end: () => void;
}

const BAR = 24;
const TERMINAL_MS = 100;
const LOG_MS = 10_000;
/** The rate is that of about so long. */
const WINDOW_MS = 10_000;

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[unit]}`;
}

export function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A bar with rate and time left on a terminal; a line now and then elsewhere. */
export function createByteProgress(
  what: string,
  total: number,
  {
    terminal = process.stderr,
    nowMs = () => performance.now(),
  }: { terminal?: Terminal; nowMs?: () => number } = {},
): ByteProgress {
  let done = 0;
  const samples: { readonly atMs: number; readonly done: number }[] = [{ atMs: nowMs(), done: 0 }];
  let shownMs = terminal.isTTY ? Number.NEGATIVE_INFINITY : nowMs();
  let drawn = false;

  function rate(now: number): number {
    while (samples.length > 2 && now - (samples[1]?.atMs ?? now) > WINDOW_MS) samples.shift();
    const [first] = samples;
    const ms = now - (first?.atMs ?? now);
    return ms <= 0 ? 0 : Math.max(0, ((done - (first?.done ?? 0)) / ms) * 1000);
  }

  function show(): void {
    const now = nowMs();
    if (now - shownMs < (terminal.isTTY ? TERMINAL_MS : LOG_MS)) return;
    shownMs = now;
    samples.push({ atMs: now, done });
    const part = total === 0 ? 1 : Math.min(1, done / total);
    const perSecond = rate(now);
    const left = perSecond > 0 ? `, ${timeText((total - done) / perSecond)} left` : '';
    const text = `${String(Math.floor(part * 100)).padStart(3)}%  ${bytesText(done)} of ${bytesText(total)}  ${bytesText(perSecond)}/s${left}`;
    if (!terminal.isTTY) {
      terminal.write(`${what} ${text.trim()}\n`);
      return;
    }
    const full = Math.round(part * BAR);
    const line = `${what} [${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${text}`;
    terminal.write(`\r\u001b[K${line.slice(0, Math.max(20, (terminal.columns ?? 80) - 1))}`);
    drawn = true;
  }

  return Object.freeze({
    add(bytes: number) {
      done += bytes;
      show();
    },
    set(bytes: number) {
      if (bytes < done) samples.splice(0, samples.length, { atMs: nowMs(), done: bytes });
      done = bytes;
      show();
    },
    end() {
      if (drawn) terminal.write('\r\u001b[K');
    },
  });
}
