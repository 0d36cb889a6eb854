import { createHmac } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMINISTRATOR, type App, setUp, startApp, watchFaults } from './app.ts';
import { launchChromium, missingChromium } from './chromium.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

/** What an authenticator app shows for a secret in base32 (RFC 6238: SHA-1, 30 s, six digits). */
function codeOf(secret: string, atMs: number): string {
  const bits = [...secret.replace(/[\s=]/g, '').toUpperCase()]
    .map((character) => BASE32.indexOf(character).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / STEP_MS)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

describe.skipIf(missingChromium() !== null)('second factors in the browser', () => {
  let app: App;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let secret = '';
  let recovery: string[] = [];
  /** Time steps whose code was used: each is good once. */
  let lastStep = 0;
  const faults: string[] = [];
  /** Passkeys take a name: the same server as localhost. */
  const named = (url: string) => url.replace('127.0.0.1', 'localhost');

  /** A code of a step that was not used yet; the server takes the next step's too. */
  const freshCode = (): string => {
    const now = Math.floor(Date.now() / STEP_MS);
    lastStep = Math.max(now, lastStep + 1);
    return codeOf(secret, lastStep * STEP_MS);
  };
  const typePassword = async (target: Page) => {
    await target.getByRole('textbox', { name: 'E-mail' }).fill(ADMINISTRATOR.email);
    await target.locator('input[type=password]').fill(ADMINISTRATOR.password);
    await target.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  const signOut = async () => {
    await page.getByRole('button', { name: /Account menu/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  };

  beforeAll(async () => {
    const started = await startApp();
    app = { ...started, console: named(started.console), setup: named(started.setup) };
    browser = await launchChromium();
    context = await browser.newContext();
    faults.push(...watchFaults(context));
    page = await context.newPage();
    page.setDefaultTimeout(45_000);
    await setUp(page, app);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  it('sets up an authenticator app and shows recovery codes once', async () => {
    await page.goto(`${app.console}/account`);
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    secret =
      (await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Copy [A-Z2-7]{16,}/ })
        .textContent()) ?? '';
    await page.getByLabel('Code that the app shows').fill('000000');
    await page.getByRole('button', { name: 'Finish' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Code that the app shows').fill(freshCode());
    await page.getByRole('button', { name: 'Finish' }).click();
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    recovery = ((await page.getByLabel('Recovery codes', { exact: true }).textContent()) ?? '').split('\n');
    expect(recovery).toHaveLength(10);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('10 left').waitFor();
  });

  it('asks for the code after the password, and opens nothing before it', async () => {
    await signOut();
    await typePassword(page);
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    expect((await context.request.get(`${app.console}/api/v1/auth/me`)).status()).toBe(401);
    await page.getByLabel('Code from your authenticator app').fill('123456');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Code from your authenticator app').fill(freshCode());
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  it('signs in with a recovery code, once', async () => {
    const [code = ''] = recovery;
    for (const works of [true, false]) {
      await signOut();
      await typePassword(page);
      await page.getByRole('button', { name: 'Use a recovery code instead' }).click();
      await page.getByLabel('Recovery code').fill(code);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      if (works) await page.getByRole('heading', { name: 'Overview' }).waitFor();
      else await page.getByRole('alert').waitFor();
      if (!works) {
        await page.getByLabel('Recovery code').fill(recovery[1] ?? '');
        await page.getByRole('button', { name: 'Sign in', exact: true }).click();
        await page.getByRole('heading', { name: 'Overview' }).waitFor();
      }
    }
  });

  it('adds a passkey and signs in with it alone', async () => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.goto(`${app.console}/account`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByLabel('Name').fill('Virtual key');
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByText('Virtual key').waitFor();
    await signOut();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await signOut();
    await typePassword(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  it('demands a factor of everyone, and lets those without one do nothing else', async () => {
    await page.goto(`${app.console}/settings/people`);
    await page.getByRole('button', { name: 'Invite a person' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Noor Haddad');
    await page.getByRole('textbox', { name: 'E-mail' }).fill('noor@example.test');
    await page.getByRole('button', { name: 'Create invitation link' }).click();
    const link = (await page.getByLabel('Invitation link', { exact: true }).textContent()) ?? '';
    await page.getByRole('button', { name: 'Done' }).click();
    await page.goto(`${app.console}/settings/sign-in`);
    await page.getByRole('radio', { name: 'Demanded of everyone' }).check();
    await page.getByRole('button', { name: 'Save rules' }).click();
    await page.getByText('Rules saved').waitFor();

    const other = await (await browser.newContext()).newPage();
    other.setDefaultTimeout(45_000);
    await other.goto(named(link));
    await other.locator('input[type=password]').fill('copper lantern winter ferry');
    await other.getByRole('button', { name: 'Choose password and sign in' }).click();
    await other.getByText('Set up a second factor first').waitFor();
    await other.goto(`${app.console}/traffic/interactions`);
    await other.getByText('Set up a second factor first').waitFor();
    const refused = await other.context().request.get(`${app.console}/api/v1/interactions`);
    expect(refused.status()).toBe(403);
    await other.context().close();
  });

  it('shows no fault in the console of the browser', () => {
    expect(faults).toEqual([]);
  });
});
