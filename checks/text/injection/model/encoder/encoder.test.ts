import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { fixtureModel } from '../fixture.ts';
import { loadModel } from '../load.ts';
import type { Encoder } from './contract.ts';
import type { EncoderOptions } from './encoder.ts';
import { createEncoder } from './encoder.ts';
import { encoderOver, serveEncoder } from './port.ts';
import type { OpenRequest } from './protocol.ts';
import { openRequestOf, ROW } from './protocol.ts';
import { EncoderRefused } from './refused.ts';
import { sequencesOf } from './session.ts';

const model = fixtureModel();
const FAULTY = fileURLToPath(new URL('./faulty.child.ts', import.meta.url));
const started: Encoder[] = [];

const openOf = (of = model): OpenRequest => openRequestOf(loadModel(of.folder) ?? expect.fail('no fixture'));

function encoder(options: Partial<EncoderOptions> = {}): Encoder {
  const made = createEncoder({ open: openOf(), deadlineMs: 20_000, startMs: 60_000, ...options });
  started.push(made);
  return made;
}

const refusal = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'answered',
    (error: unknown) => (error instanceof EncoderRefused ? error.refusal : String(error)),
  );

afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});
afterAll(() => model.remove());

describe('the encoder', () => {
  it('answers in the order of the texts, whatever their lengths, batched over callers', async () => {
    const batches: number[] = [];
    const mine = encoder({ observe: { batch: ({ texts }) => batches.push(texts) } });
    const words = ['mill', 'zebra', 'river', 'turnip', 'hot'];
    const texts = words.map((word, i) => `${'the '.repeat((7 * i) % 23)}${word}`);
    const alone = await Promise.all(texts.map((text) => mine.score([text])));
    const together = await mine.score(texts);
    expect(together).toHaveLength(texts.length * ROW);
    for (const [i, row] of alone.entries()) {
      const part = together.slice(i * ROW, (i + 1) * ROW);
      for (let k = 0; k < ROW; k += 1) expect(part[k]).toBeCloseTo(row[k] as number, 4);
    }
    expect(together[ROW] ?? 0).toBeGreaterThan(4);
    expect([together[3 * ROW] ?? 0, together[3 * ROW + 1] ?? 0]).toEqual([expect.any(Number), 5]);
    expect(Math.max(...batches)).toBeGreaterThan(1);
    expect(mine.load()).toEqual({ waiting: 0, ready: true });
  });

  it('reads all of a text that makes more tokens than a window has', async () => {
    const rare = 'x9k#'.repeat(150);
    const values = await encoder().score([`${rare} zebra ${rare}`, `${rare} ${rare}`, '']);
    expect(values[0]).toBe(5);
    expect(values[ROW]).toBeLessThan(0);
    expect(Number.isFinite(values[2 * ROW])).toBe(true);
  });

  it('cuts tokens into sequences that leave none out', () => {
    for (const length of [0, 1, 142, 143, 200, 284, 1_000]) {
      const ids = Array.from({ length }, (_, i) => i);
      const sequences = sequencesOf(ids, 144);
      expect(new Set(sequences.flat()).size).toBe(length);
      for (const sequence of sequences) expect(sequence.length).toBeLessThanOrEqual(142);
    }
  });

  it('does not see what its parent knows', async () => {
    const values = await encoder({ program: FAULTY }).score(['environment']);
    expect(values[0]).toBe(0);
  });

  it('may read what it needs, and neither write, start anything nor read the rest', async () => {
    const values = await encoder({ program: FAULTY }).score(['try']);
    expect([...values]).toEqual([0, 0, 0, 0, 0, 0, 1]);
  });

  it('gives up when the caller does', async () => {
    const mine = encoder();
    const controller = new AbortController();
    const answer = mine.score(['the river'], { signal: controller.signal });
    controller.abort(new Error('left'));
    await expect(answer).rejects.toThrow('left');
    await expect(mine.score(['the river'], { signal: controller.signal })).rejects.toThrow('left');
    expect(await mine.score(['the mill'])).toHaveLength(ROW);
  });

  it('refuses for its size what could never wait', async () => {
    const mine = encoder({ mostWaiting: 10 });
    expect(await refusal(mine.score(Array.from({ length: 11 }, () => 'the mill')))).toBe('large');
  });

  it('takes no more than may wait, and all of a question or nothing of it', async () => {
    const mine = encoder({ mostWaiting: 10 });
    await mine.warm();
    const first = mine.score(Array.from({ length: 10 }, (_, i) => `the river ${i}`));
    const second = refusal(mine.score(Array.from({ length: 10 }, () => 'the mill')));
    expect(await second).toBe('busy');
    expect(await first).toHaveLength(10 * ROW);
    expect(await refusal(mine.score(['the mill']))).toBe('answered');
  });

  it('is late rather than never', async () => {
    const mine = encoder({ program: FAULTY, deadlineMs: 300, hangMs: 60_000 });
    await mine.warm();
    expect(await refusal(mine.score(['hang']))).toBe('late');
    expect(await refusal(mine.score(['the mill']))).toBe('late');
  });
});

describe('an encoder that goes down', () => {
  it('comes back, and tries what ran beside the culprit once more', async () => {
    const crashes: string[] = [];
    const mine = encoder({
      program: FAULTY,
      backOffMs: 10,
      observe: { crashed: (why) => crashes.push(why) },
    });
    await mine.warm();
    const texts = ['the river', 'the mill', 'go down', 'zebra'];
    const answers = await Promise.all(texts.map((text) => refusal(mine.score([text]))));
    expect(answers).toEqual(['answered', 'answered', 'crashed', 'answered']);
    expect(crashes.length).toBeGreaterThanOrEqual(1);
    expect(crashes[0]).toMatch(/SIGABRT|exit code/);
    expect(await refusal(mine.score(['the mill']))).toBe('answered');
  });

  it('is killed when it hangs, and the next question is answered', async () => {
    const crashes: string[] = [];
    const mine = encoder({
      program: FAULTY,
      hangMs: 500,
      backOffMs: 10,
      observe: { crashed: (why) => crashes.push(why) },
    });
    await mine.warm();
    expect(await refusal(mine.score(['hang']))).toBe('crashed');
    expect(crashes).toEqual(['a batch took more than 500 ms']);
    expect(await refusal(mine.score(['the mill']))).toBe('answered');
  });

  it('tries what was in a batch that failed by itself, and puts aside what fails by itself twice', async () => {
    const crashes: string[] = [];
    const mine = encoder({ program: FAULTY, observe: { crashed: (why) => crashes.push(why) } });
    await mine.warm();
    const ask = () =>
      Promise.all(['the river', 'it fails', 'zebra'].map((text) => refusal(mine.score([text]))));
    expect(await ask()).toEqual(['answered', 'crashed', 'answered']);
    expect(await ask()).toEqual(['answered', 'crashed', 'answered']);
    expect(await ask()).toEqual(['answered', 'unjudgeable', 'answered']);
    expect(await refusal(mine.score(['the mill', 'it fails']))).toBe('unjudgeable');
    expect(crashes).toEqual([]);
  });

  it('keeps nobody waiting while it may not start again', async () => {
    const mine = encoder({ program: FAULTY, backOffMs: 30_000, deadlineMs: 10_000 });
    await mine.warm();
    expect(await refusal(mine.score(['go down']))).toBe('crashed');
    const began = performance.now();
    expect(await refusal(mine.score(['the mill']))).toBe('crashed');
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('is not started again where that cannot help', async () => {
    const right = openOf();
    const wrong: OpenRequest[] = [
      { ...right, encoder: { ...right.encoder, sha256: '0'.repeat(64) } },
      { ...right, vocabulary: { ...right.vocabulary, bytes: 3 } },
      { ...right, encoder: { ...right.encoder, path: `${right.encoder.path}.gone` } },
      { ...right, encoder: right.vocabulary },
    ];
    for (const open of wrong) {
      const mine = encoder({ open });
      expect(await refusal(mine.warm())).toBe('unusable');
      expect(await refusal(mine.score(['the mill']))).toBe('unusable');
    }
  });

  it('says so when it is closed', async () => {
    const mine = encoder();
    await mine.warm();
    const open = refusal(mine.score(['the mill']));
    await mine.close();
    expect(['closed', 'answered']).toContain(await open);
    expect(await refusal(mine.score(['the mill']))).toBe('closed');
    await mine.close();
  });
});

describe('its process', () => {
  const script = (body: string): string => {
    const path = join(model.folder, 'parent.ts');
    const from = fileURLToPath(new URL('./encoder.ts', import.meta.url));
    writeFileSync(
      path,
      `import { createEncoder } from ${JSON.stringify(from)};\nconst encoder = createEncoder({ open: ${JSON.stringify(openOf())} });\n${body}`,
    );
    return path;
  };

  it('lets its parent end when nothing is asked', () => {
    const path = script(`console.log((await encoder.score(['zebra']))[0]);`);
    const { stdout, status } = spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
    expect([stdout.trim(), status]).toEqual(['5', 0]);
  });

  it('ends when its parent is killed', async () => {
    const path = script(
      `await encoder.warm();\nconst { readFileSync } = await import('node:fs');\n` +
        `console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim());\nprocess.kill(process.pid, 'SIGKILL');`,
    );
    if (process.platform !== 'linux') return;
    const { stdout, signal } = spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
    expect(signal).toBe('SIGKILL');
    const child = Number(stdout.trim());
    expect(child).toBeGreaterThan(1);
    const alive = (): boolean => {
      try {
        process.kill(child, 0);
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 100 && alive(); i += 1) await sleep(100);
    expect(alive()).toBe(false);
  });
});

describe('an encoder lent to another thread', () => {
  it('answers there as here, refuses there as here, and hears of what is given up', async () => {
    const mine = encoder();
    const { port1, port2 } = new MessageChannel();
    const dropped: boolean[] = [];
    const clients: unknown[] = [];
    serveEncoder(port1, {
      score: (texts, asking) => {
        clients.push(asking?.client);
        asking?.signal?.addEventListener('abort', () => dropped.push(true));
        return texts[0] === 'never' ? new Promise(() => {}) : mine.score(texts, asking);
      },
    });
    const lent = encoderOver(port2);
    expect(await lent.score(['zebra', 'mill'])).toEqual(await mine.score(['zebra', 'mill']));
    const controller = new AbortController();
    const given = lent.score(['never'], { signal: controller.signal, client: 'someone' });
    controller.abort(new Error('left'));
    await expect(given).rejects.toThrow('left');
    await expect.poll(() => dropped).toEqual([true]);
    expect(clients).toEqual([undefined, 'someone']);
    await mine.close();
    expect(await refusal(lent.score(['mill']))).toBe('closed');
    const open = refusal(lent.score(['never']));
    await lent.close();
    expect(await open).toBe('closed');
    expect(await refusal(lent.score(['mill']))).toBe('closed');
  });
});
