// The encoder's program, which goes down, hangs or tells its environment when a text says so.
import type { EncoderRequest } from './protocol.ts';
import { ROW } from './protocol.ts';

process.on('message', (request: EncoderRequest) => {
  if (request.type !== 'score') return;
  const said = request.texts.join(' ');
  if (said.includes('go down')) process.abort();
  if (said.includes('hang')) for (;;);
  if (said.includes('environment')) {
    const names = Object.keys(process.env).filter((name) => !name.startsWith('NODE_CHANNEL'));
    const values = new Float32Array(request.texts.length * ROW).fill(names.length);
    process.send?.({ type: 'scores', id: request.id, values, sequences: 1, early: 0, ms: 0 });
  }
});
await import('./main.ts');
