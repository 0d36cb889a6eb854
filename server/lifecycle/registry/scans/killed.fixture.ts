import { readFileSync } from 'node:fs';
import { openDatabase } from '../../../platform/database/index.ts';
import { scanServer } from './testing.ts';

/** A server that stops in the middle of its second file, having said which process reads it. For tests only. */
const [url = '', folder = '', hangsAt = ''] = process.argv.slice(2);
await scanServer(openDatabase(url, { maxConnections: 5 }), folder, {
  async beforeRead(sha256) {
    if (sha256 !== hangsAt) return;
    let readers = '';
    try {
      readers = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim();
    } catch {
      // Elsewhere than on Linux nobody tells.
    }
    process.stdout.write(`hangs ${readers}\n`);
    await new Promise(() => undefined);
  },
});
