import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, setUp, startApp, watchFaults } from './app.ts';
import { violations } from './axe.ts';
import { launchChromium, missingChromium } from './chromium.ts';

/** A pickle that would call posix.system when it is loaded; here it is only ever bytes. */
const MALICIOUS = Buffer.concat([
  Buffer.from([0x80, 4]),
  Buffer.from('cposix\nsystem\n(X'),
  Buffer.from([9, 0, 0, 0]),
  Buffer.from('echo away'),
  Buffer.from('tR.'),
]);
const README = Buffer.from('---\nlicense: mit\n---\n# A model\n');

/** Models in the console: from an upload to what its scan found, and what follows from it. */
describe.skipIf(missingChromium() !== null)('models', () => {
  let app: App;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  let version = '';

  beforeAll(async () => {
    app = await startApp();
    browser = await launchChromium();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    faults = watchFaults(context);
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await setUp(page, app);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  it('begin with what to do, and are uploaded from the page', async () => {
    await page.goto(`${app.console}/inventory/models`);
    await page.getByText('No model yet').waitFor();
    await page.getByRole('link', { name: 'Upload a version' }).first().click();
    await page
      .getByLabel(/^Model\b/)
      .first()
      .fill('foundation');
    await page.getByLabel('Files of the version').setInputFiles([
      { name: 'model.pkl', mimeType: 'application/octet-stream', buffer: MALICIOUS },
      { name: 'README.md', mimeType: 'text/markdown', buffer: README },
    ]);
    await page.getByText('2 files').waitFor();
    await page.getByRole('button', { name: 'Upload this version' }).click();
    await page.waitForURL(/\/inventory\/models\/[0-9a-f-]{36}\/versions\/1$/);
    version = page.url();
  });

  it('are scanned at once, and a dangerous one is in quarantine', async () => {
    await page.getByText('In quarantine', { exact: true }).waitFor({ timeout: 90_000 });
    await page.getByRole('heading', { name: /Version 1 Malicious/ }).waitFor();
    await page.goto(`${version}?tab=findings`);
    await page.getByRole('link', { name: 'Runs when the file is loaded' }).click();
    await page.getByText('posix.system("echo away")').first().waitFor();
    await page.locator('.bz-excerpt [data-marked=true]', { hasText: 'REDUCE' }).waitFor();
  });

  it('are released by accepting what was found, with a reason, and go back when that is withdrawn', async () => {
    await page.getByRole('button', { name: 'Accept this finding' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why it can be lived with').fill('A sample for the awareness course');
    await dialog.getByRole('button', { name: 'Accept this finding' }).click();
    await page.getByText('Accepted by').waitFor();
    await page.goto(version);
    await page.getByText('Released from quarantine').waitFor();
    await page.goto(`${version}?tab=findings`);
    await page.getByRole('link', { name: 'Runs when the file is loaded' }).click();
    await page.getByRole('button', { name: 'Withdraw the acceptance' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('button', { name: 'Accept this finding' }).waitFor();
    await page.goto(version);
    await page.getByText('In quarantine', { exact: true }).waitFor();
  });

  it('say what their bill of materials misses, and a model card adds to it', async () => {
    const score = async () =>
      Number(/^(\d+) of 100$/.exec(await page.getByRole('heading', { name: /of 100$/ }).innerText())?.[1]);
    await page.goto(`${version}?tab=bom`);
    const before = await score();
    await page.getByRole('link', { name: 'Fill in the model card' }).click();
    await page.getByRole('textbox', { name: 'Made by' }).fill('Acme');
    await page.getByRole('textbox', { name: 'Task' }).fill('classification');
    await page.getByRole('button', { name: 'Save the model card' }).click();
    await page.getByText('Mara Lindqvist,').waitFor();
    await page.goto(`${version}?tab=bom`);
    await expect.poll(score).toBeGreaterThan(before);
  });

  it('lead from links that mlflow clients print', async () => {
    await page.goto(`${app.console}/#/models/foundation`);
    await page.getByRole('heading', { name: /^foundation/ }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/inventory/models/foundation');
  });

  it.each(['light', 'dark'] as const)('can be read by everybody (%s)', async (scheme) => {
    await page.emulateMedia({ colorScheme: scheme });
    const { pathname } = new URL(version);
    for (const path of [
      '/inventory/models',
      '/inventory/models?tab=runs',
      '/inventory/models?tab=scans',
      '/inventory/models?tab=signing',
      '/inventory/models/upload',
      pathname,
      `${pathname}?tab=findings`,
      `${pathname}?tab=files`,
      `${pathname}?tab=signatures`,
      `${pathname}?tab=bom`,
      `${pathname}?tab=weights`,
      `${pathname}?tab=lineage`,
      pathname.replace('/versions/1', '?tab=card'),
      pathname.replace('/versions/1', '?tab=about'),
    ]) {
      await page.goto(app.console + path);
      await page.locator('h1').waitFor();
      await expect.poll(() => page.locator('[aria-busy=true]').count(), { timeout: 20_000 }).toBe(0);
      expect({ path, found: await violations(page) }).toEqual({ path, found: [] });
    }
  });

  it('ran without a fault in the browser', () => {
    expect(faults).toEqual([]);
  });
});
