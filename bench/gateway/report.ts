export interface Row {
  readonly target: string;
  readonly requestsPerSecond: number;
  /** Over the direct call, one request at a time. */
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
  readonly underLoadP50Ms: number;
  readonly underLoadP99Ms: number;
  /** Of the target's own processes; null for the direct call. */
  readonly cpuMsPerRequest: number | null;
  readonly addedFirstTokenMs: number | null;
  readonly failures: number;
}

export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  readonly connections: number;
  readonly promptChars: number;
  readonly rows: readonly Row[];
  readonly memory: readonly { readonly requests: number; readonly residentMib: number }[] | null;
}

/** Prints the report with the ratios that matter: against the peer and against the bare pass-through. */
export function print(report: Report, json: boolean): void {
  const rps = (name: string) =>
    report.rows.find((row) => row.target === name)?.requestsPerSecond ?? Number.NaN;
  const ratios = {
    plainOverPortkey: round(rps('bartizan, no content guards') / rps('portkey')),
    plainOverPassThrough: round(rps('bartizan, no content guards') / rps('undici pass-through')),
    guardedOverPortkey: round(rps('bartizan, all text guards') / rps('portkey')),
    twoWorkersOverOne: round(
      rps('bartizan, 2 workers, no content guards') / rps('bartizan, no content guards'),
    ),
    guardCpuMsPerRequest: round(
      cpu(report, 'bartizan, all text guards') - cpu(report, 'bartizan, no content guards'),
    ),
    guardAddedP50Ms: round(
      p50(report, 'bartizan, all text guards') - p50(report, 'bartizan, no content guards'),
    ),
  };
  if (json) {
    console.log(JSON.stringify({ ...report, ratios }));
    return;
  }
  console.log(
    `${report.machine}, Node ${report.node}; ${report.rounds} rounds, ${report.connections} connections, prompt of ${report.promptChars} characters\n`,
  );
  console.table(
    Object.fromEntries(
      report.rows.map((row) => [
        row.target,
        {
          'requests/s': row.requestsPerSecond,
          'added p50 ms': round(row.addedP50Ms),
          'added p99 ms': round(row.addedP99Ms),
          'loaded p50 ms': row.underLoadP50Ms,
          'loaded p99 ms': row.underLoadP99Ms,
          'CPU ms/request': row.cpuMsPerRequest === null ? '–' : round(row.cpuMsPerRequest),
          'added first token ms': row.addedFirstTokenMs === null ? '–' : round(row.addedFirstTokenMs),
          failures: row.failures,
        },
      ]),
    ),
  );
  console.table(ratios);
  if (report.memory) console.table(report.memory);
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const cpu = (report: Report, name: string): number =>
  report.rows.find((row) => row.target === name)?.cpuMsPerRequest ?? Number.NaN;
const p50 = (report: Report, name: string): number =>
  report.rows.find((row) => row.target === name)?.addedP50Ms ?? Number.NaN;
