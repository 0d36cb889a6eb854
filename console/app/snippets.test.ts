import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { curlSnippet } from './snippets.ts';

describe('curlSnippet', () => {
  it('is one command whose body survives the shell, apostrophes and all', () => {
    const text = `It's "quoted" $HOME \`id\` \\ and new\nline`;
    const command = curlSnippet({ gatewayUrl: 'http://127.0.0.1:7601', key: 'bz_x', model: 'demo' }, text);
    // The shell shows the arguments that curl would get.
    const shown = execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`])
      .toString()
      .split('\0');
    expect(shown[0]).toBe('http://127.0.0.1:7601/v1/chat/completions');
    expect(shown).toContain('Authorization: Bearer bz_x');
    const body = JSON.parse(shown[shown.indexOf('-d') + 1] ?? '') as { messages: { content: string }[] };
    expect(body.messages[0]?.content).toBe(text);
  });
});
