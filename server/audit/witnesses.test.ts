import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseCheckpointText } from '@bartizan/contracts/tlog/checkpoint.ts';
import {
  createCosigner,
  createSigner,
  formatNote,
  parseNote,
  parseVerifierKey,
  type Signer,
  signatureLine,
  signedBy,
} from '@bartizan/contracts/tlog/note.ts';
import { verifyConsistency } from '@bartizan/contracts/tlog/proof.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entryOf, startTestTrail, type TestTrail } from './testing.ts';

const ADA = { kind: 'person', id: 'p', name: 'Ada' } as const;
let t: TestTrail;
const servers: Server[] = [];
beforeAll(async () => {
  t = await startTestTrail();
  await t.settled();
}, 300_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await t?.close();
});

const witnessOf = (name: string, now = () => Date.now()) =>
  createCosigner(name, generateKeyPairSync('ed25519').privateKey, now);
const add = (signer: Signer, url: string | null = null) =>
  t.trail.witnesses.add({ verifierKey: signer.verifierKey, url, allowPrivateNetwork: true }, ADA);
function cosigned(note: string, signer: Signer): string {
  const parsed = parseNote(note);
  if (!parsed) throw new Error('no note');
  return formatNote({ text: parsed.text, signatures: [...parsed.signatures, signer.sign(parsed.text)] });
}

test('a registered witness’s cosignature is kept and served with the checkpoint; others are refused', async () => {
  const witness = witnessOf('witness.example/one');
  const note = await t.trail.checkpointNote();
  await expect(t.trail.witnesses.cosign(cosigned(note, witness))).rejects.toMatchObject({
    code: 'invalid_input',
  });
  const { id } = await add(witness);
  await t.settled();
  const current = await t.trail.checkpointNote();
  expect(await t.trail.witnesses.cosign(cosigned(current, witness))).toBe(1);
  const served = parseNote(await t.trail.checkpointNote());
  const verifier = parseVerifierKey(witness.verifierKey);
  expect(served && verifier && signedBy(served, verifier)).toBeGreaterThan(0);
  expect((await t.trail.status()).checkpoint?.cosignatures).toMatchObject([{ witness: witness.name }]);
  expect((await t.trail.witnesses.list())[0]).toMatchObject({ id, lastSize: (await t.trail.status()).size });
  expect(await t.verify()).toMatchObject({ state: 'passed', problems: [] });

  await t.attack("update audit_cosignatures set line = replace(line, 'one ', 'one A')");
  expect((await t.verify()).problems).toMatchObject([{ kind: 'checkpoint-altered' }]);
  await t.attack('delete from audit_cosignatures');

  await t.trail.witnesses.remove(id, ADA);
  await expect(t.trail.witnesses.cosign(cosigned(current, witness))).rejects.toMatchObject({
    code: 'invalid_input',
  });
  await expect(t.trail.witnesses.remove(id, ADA)).rejects.toMatchObject({ code: 'not_found' });
});

test('refused: another log, another root, another signature, a time ahead, a key that is no witness’s', async () => {
  const witness = witnessOf('witness.example/two');
  await add(witness);
  await expect(add(witness)).rejects.toMatchObject({ code: 'conflict' });
  const note = await t.trail.checkpointNote();
  const parsed = parseNote(note);
  if (!parsed) throw new Error('no note');
  const other = createSigner(parsed.text.split('\n')[0] ?? '', generateKeyPairSync('ed25519').privateKey);
  const forged = formatNote({ text: parsed.text, signatures: [other.sign(parsed.text)] });
  const refused = async (text: string) =>
    expect(t.trail.witnesses.cosign(text)).rejects.toMatchObject({ code: 'invalid_input' });
  await refused(cosigned(forged, witness));
  await refused('nonsense');
  await refused(note);
  await refused(cosigned(note, { ...witnessOf('x'), name: witness.name, keyId: witness.keyId }));
  await refused(cosigned(note, { ...witnessOf(witness.name), keyId: witness.keyId }));
  await expect(add(other)).rejects.toMatchObject({ code: 'invalid_input' });
  const ahead = witnessOf('witness.example/ahead', () => Date.now() + 3_600_000);
  await add(ahead);
  await refused(cosigned(await t.trail.checkpointNote(), ahead));
  await expect(add(witnessOf('w'), 'http://169.254.169.254')).rejects.toMatchObject({
    code: 'invalid_input',
  });
});

test('a witness with an address is sent checkpoints with the proof it needs, from whatever size it knows', async () => {
  const witness = witnessOf('witness.example/three');
  let known: { readonly size: number; readonly root: Buffer } = { size: 0, root: Buffer.alloc(0) };
  const asked: number[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    const cut = body.indexOf('\n\n');
    const [first = '', ...proof] = body.slice(0, cut).split('\n');
    const old = Number(first.replace('old ', ''));
    asked.push(old);
    const note = parseNote(body.slice(cut + 2));
    const checkpoint = parseCheckpointText(note?.text ?? '');
    if (!note || !checkpoint || request.url !== '/w/add-checkpoint') return response.writeHead(400).end();
    if (old !== known.size)
      return response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${known.size}\n`);
    const grows =
      old === 0 ||
      verifyConsistency({
        from: old,
        to: checkpoint.size,
        fromRoot: known.root,
        toRoot: checkpoint.root,
        proof: proof.map((line) => Buffer.from(line, 'base64')),
      });
    if (!grows) return response.writeHead(422).end();
    known = checkpoint;
    return response.end(`${signatureLine(witness.sign(note.text))}\n`);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await add(witness, `http://127.0.0.1:${port}/w/`);
  const seen = async () =>
    (await t.trail.witnesses.list()).find(({ verifierKey }) => verifierKey === witness.verifierKey);
  await expect
    .poll(async () => (await seen())?.lastSize ?? 0, { timeout: 40_000, interval: 200 })
    .toBeGreaterThan(0);
  const first = (await seen())?.lastSize ?? 0;
  await t.trail.log.recordMany([entryOf(1), entryOf(2), entryOf(3)]);
  await expect
    .poll(async () => (await seen())?.lastSize ?? 0, { timeout: 40_000, interval: 200 })
    .toBeGreaterThan(first);
  expect(asked.length).toBeGreaterThanOrEqual(2);
  expect((await seen())?.problem).toBe(null);
}, 100_000);
