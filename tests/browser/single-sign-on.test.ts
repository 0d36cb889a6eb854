import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type RealProvider,
  startRealProvider,
} from '../../server/identity/federation/sso/test-providers.ts';
import { type App, setUp, startApp } from './app.ts';
import { launchChromium, missingChromium } from './chromium.ts';

/**
 * The console is at 127.0.0.1 and the provider at localhost: two sites for a browser. So the way back is a
 * cross-site navigation, which does not carry the session's cookie (SameSite=Strict) but must be able to set it.
 */
describe.skipIf(missingChromium() !== null)('single sign-on in the browser', () => {
  let app: App;
  let browser: Browser;
  let provider: RealProvider;

  beforeAll(async () => {
    app = await startApp();
    provider = await startRealProvider();
    browser = await launchChromium();
    const page = await fresh();
    await setUp(page, app);
    const settings = {
      label: 'Corp',
      issuer: provider.issuer,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      allowPrivateNetwork: true,
      createPeople: true,
      emailDomains: ['corp.example'],
    };
    const added = await page.evaluate(async (body) => {
      const answer = await fetch('/api/v1/sso/providers', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { redirectUri: string };
    }, settings);
    await provider.serve(added.redirectUri);
    await page.context().close();
  });
  afterAll(async () => {
    await browser?.close();
    await provider?.close();
    await app?.stop();
  });

  /** A page in a browser profile of its own. */
  async function fresh(): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(45_000);
    return page;
  }

  it('signs in with the button and lands, signed in, on the page that was asked for', async () => {
    provider.accounts.set('grace', { email: 'grace@corp.example', email_verified: true, name: 'Grace' });
    const page = await fresh();
    await page.goto(`${app.console}/account`);
    await page.getByRole('link', { name: 'Sign in with Corp' }).click();
    await page.waitForURL(`${app.console}/account`);
    await page.getByRole('button', { name: /Account menu/ }).waitFor();
    const me = await page.evaluate(async () => (await fetch('/api/v1/auth/me')).json() as Promise<object>);
    expect(me).toMatchObject({ email: 'grace@corp.example', kind: 'person' });
    const cookies = await page.context().cookies(app.console);
    const session = cookies.find(({ name }) => /^bartizan-[0-9a-f]{8}$/.test(name));
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    // The attempt's own cookie is gone.
    expect(cookies.some(({ name }) => name.endsWith('-sso'))).toBe(false);
    // Signed in after a reload too.
    await page.reload();
    await page.getByRole('button', { name: /Account menu/ }).waitFor();
    await page.context().close();
  });

  it('says in plain words why somebody does not get in', async () => {
    provider.accounts.set('eve', { email: 'eve@corp.example', email_verified: false, name: 'Eve' });
    provider.who.accountId = 'eve';
    const page = await fresh();
    await page.goto(`${app.console}/sign-in`);
    await page.getByRole('link', { name: 'Sign in with Corp' }).click();
    await page
      .getByText('The identity provider does not say that your e-mail address is verified.')
      .waitFor();
    expect(new URL(page.url()).origin).toBe(app.console);
    await page.context().close();
  });
});
