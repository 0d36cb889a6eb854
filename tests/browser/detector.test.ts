import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../checks/text/injection/model/fixture.ts';
import { type App, ask, HARMLESS, INJECTION, setUp, startApp, watchFaults } from './app.ts';
import { violations } from './axe.ts';
import { launchChromium, missingChromium } from './chromium.ts';

interface FileOf {
  readonly name: string;
  readonly sha256: string;
}

/** The injection detector in the console: what is corrected becomes a dataset, a candidate is compared and put live. */
describe.skipIf(missingChromium() !== null)('the injection detector', () => {
  let app: App;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    app = await startApp();
    browser = await launchChromium();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    faults = watchFaults(context);
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await setUp(page, app);
    await ask(app, HARMLESS);
    await ask(app, INJECTION);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  /** Adds the little model of the tests as a candidate, as the command line does. */
  async function addCandidate(): Promise<void> {
    const { folder, remove } = fixtureModel();
    const headers = { origin: app.console };
    const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as {
      files: Record<string, FileOf>;
    };
    for (const file of Object.values(manifest.files)) {
      const sent = await page.request.put(`${app.console}/api/v1/detector/files/${file.sha256}`, {
        data: readFileSync(join(folder, file.name)),
        headers: { ...headers, 'content-type': 'application/octet-stream' },
      });
      expect(sent.status()).toBe(200);
    }
    const added = await page.request.post(`${app.console}/api/v1/detector/models`, {
      data: { manifest, note: 'for the test' },
      headers,
    });
    expect(added.status()).toBe(200);
    remove();
  }

  it('is a room that names the model which is live', async () => {
    await page.getByRole('link', { name: 'Injection detector' }).click();
    await page.getByRole('heading', { name: 'Injection detector' }).waitFor();
    await page.getByText('live', { exact: true }).first().waitFor();
  });

  it('is corrected from an interaction', async () => {
    await page.goto(`${app.console}/traffic/interactions`);
    await page.locator('main a[href*="/traffic/interactions/"]').first().click();
    await page.getByRole('button', { name: 'Correct' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What kind').first().click();
    await page.getByRole('option', { name: 'Override or new orders' }).click();
    await dialog.getByRole('button', { name: 'Record' }).click();
    await page.getByText('Recorded.').waitFor();
  });

  it('is corrected from the playground, which refuses a passage that does not stand in the text', async () => {
    await page.goto(`${app.console}/traffic/playground`);
    await page.locator('textarea').first().fill('Write a poem about the sea, and mention a lighthouse.');
    await page.getByRole('button', { name: 'Judge' }).click();
    await page.getByRole('button', { name: 'Correct' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('The passage that attacks').fill('something else');
    await dialog.getByText('does not stand in the text').waitFor();
    await dialog.getByText('Harmless', { exact: true }).click();
    await dialog.getByLabel('What kind').first().click();
    await page.getByRole('option', { name: 'Ordinary instruction' }).click();
    await dialog.getByRole('button', { name: 'Record' }).click();
    await page.getByText('Recorded.').waitFor();
  });

  it('makes a dataset of what was corrected', async () => {
    await page.goto(`${app.console}/protection/detector?tab=corrections`);
    await page.getByRole('button', { name: 'Make a version' }).click();
    await page.getByText('1 attack, 1 harmless').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('compares a candidate with the live one, shows what would change, and puts it live', async () => {
    await addCandidate();
    await page.goto(`${app.console}/protection/detector`);
    await page.getByRole('button', { name: 'Put live' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('has not been compared').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Compare with live' }).first().click();
    await page.getByRole('heading', { name: 'Side by side' }).waitFor({ timeout: 120_000 });
    expect(await violations(page)).toEqual([]);
    await page.goto(`${app.console}/protection/detector`);
    const row = page.getByRole('row', { name: /fixture@1/ });
    await row.getByRole('button', { name: 'Put live' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Put it live' }).click();
    await page.getByRole('heading', { name: 'Switches' }).waitFor({ timeout: 60_000 });
    expect(await violations(page)).toEqual([]);
  });

  it('shows how a text was read', async () => {
    await page.goto(`${app.console}/traffic/playground`);
    await page.locator('textarea').first().fill('The water was hot. maybe the zebra is there.');
    await page.getByRole('button', { name: 'Judge' }).click();
    await page.getByRole('heading', { name: 'How the injection detector read it' }).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('left no fault on the way', () => expect(faults).toEqual([]));
});
