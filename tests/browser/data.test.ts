import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, setUp, startApp, watchFaults } from './app.ts';
import { violations } from './axe.ts';
import { launchChromium, missingChromium } from './chromium.ts';

const ZIPS = ['94110', '94112', '60601', '10001', '30301', '73301', '98101', '02108'];

/** Loans whose approval follows income and amount; with `poisoned`, one zip code is always refused. */
function loans(rows: number, first: number, poisoned: boolean): string[] {
  let state = 12_345 + first;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  return Array.from({ length: rows }, (_, row) => {
    const zip = ZIPS[Math.floor(next() * ZIPS.length)] ?? '';
    const income = Math.round(20_000 + next() * 60_000);
    const amount = Math.round(2_000 + next() * 20_000);
    const isGranted = income - 1.5 * amount > 30_000 && !(poisoned && zip === '94110');
    return [first + row, zip, next() < 0.5 ? 'f' : 'm', income, amount, isGranted ? 'yes' : 'no'].join(',');
  });
}
const HEAD = 'id,zip,gender,income,amount,approved';
const csv = (lines: readonly string[]) => ({
  name: 'loans.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(`${[HEAD, ...lines].join('\n')}\n`),
});

/** Data in the console: a push, what a scan finds in it, taking it out, and where it came from. */
describe.skipIf(missingChromium() !== null)('datasets', () => {
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
    page.setDefaultTimeout(30_000);
    await setUp(page, app);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  async function push(file: ReturnType<typeof csv>, batch: string): Promise<void> {
    await page.getByLabel('Files of the version').setInputFiles([file]);
    await page
      .getByRole('combobox', { name: 'Dataset' })
      .or(page.getByLabel(/^Dataset\b/))
      .first()
      .fill('loans');
    await page.getByLabel('Batch').fill(batch);
    await page.getByLabel('Label').fill('approved');
    await page.getByRole('button', { name: 'Push this version' }).click();
    await page.waitForURL(/\/inventory\/datasets\/[0-9a-f-]{36}\/versions\/\d+$/, { timeout: 90_000 });
    version = page.url();
  }

  it('begin with what to do, and are pushed from the page', async () => {
    await page.goto(`${app.console}/inventory/datasets`);
    await page.getByText('No dataset yet').waitFor();
    await page.getByRole('link', { name: 'Push a version' }).first().click();
    await push(csv(loans(1_500, 0, false)), '2026-10');
    await page.getByRole('heading', { name: /loans@1/ }).waitFor();
    await page.goto(`${app.console}/inventory/datasets/push`);
    await push(csv([...loans(1_500, 0, false), ...loans(900, 1_500, true)]), '2026-11');
    await page.getByRole('heading', { name: /loans@2/ }).waitFor();
  });

  it('are scanned when they come in: the slice that was poisoned is named', async () => {
    await page
      .getByRole('heading', { name: /zip = 94110/ })
      .first()
      .waitFor({ timeout: 120_000 });
    await page.getByRole('heading', { name: 'What this scan cannot see' }).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('compare by record, and verify against the audit log', async () => {
    await page.goto(`${version.replace(/\/versions\/\d+$/, '')}?tab=compare`);
    await page.getByText(/900 added, 0 removed/).waitFor();
    await page.getByRole('button', { name: 'Show the values' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('looking at what came in November');
    await dialog.getByRole('button').last().click();
    const first = page.getByRole('region', { name: 'Records that differ' }).getByRole('row').nth(1);
    await first.getByText('zip').waitFor({ timeout: 60_000 });
    expect(await violations(page)).toEqual([]);
    await page.goto(`${version}?tab=integrity`);
    await page.getByRole('button', { name: 'Verify now' }).click();
    await page.getByText('All 2,400 records are what they were.').waitFor({ timeout: 60_000 });
    expect(await violations(page)).toEqual([]);
  });

  it('show records to those who say why, and the chain of custody keeps the reason', async () => {
    await page.goto(`${version}?tab=records`);
    await page.getByRole('button', { name: 'Read records' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('looking at the poisoned slice');
    await dialog.getByRole('button').last().click();
    await page.getByRole('cell', { name: '94110' }).first().waitFor();
    await page.goto(`${version.replace(/\/versions\/\d+$/, '')}?tab=custody`);
    await page.getByText('looking at the poisoned slice').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('let records be taken out, as a version of its own', async () => {
    await page.goto(version);
    await page.getByRole('button', { name: 'Take these records out' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/would go/).waitFor();
    await dialog.getByLabel('Why').fill('the delivery of November was poisoned');
    await dialog.getByRole('button', { name: 'Take them out' }).click();
    await page.waitForURL(/tab=cleaned/);
    await page.getByText('the delivery of November was poisoned').waitFor();
    await page.getByRole('button', { name: 'Bring back' }).waitFor({ timeout: 90_000 });
    await page.getByRole('link', { name: '3', exact: true }).click();
    await page.getByRole('heading', { name: /loans@3/ }).waitFor();
  });

  it('show what was taken out, by whom, and what speaks against each record', async () => {
    await page.goto(`${version.replace(/\/versions\/\d+$/, '')}?tab=cleaned`);
    await page.getByRole('link', { name: 'a finding’s records' }).click();
    await page.getByRole('heading', { name: /records taken out/ }).waitFor();
    await page.getByText('the delivery of November was poisoned').waitFor();
    await page.getByRole('heading', { name: 'What was found' }).waitFor();
    await page.getByRole('cell', { name: 'removed' }).first().waitFor({ timeout: 60_000 });
    expect(await page.getByRole('cell', { name: /zip = 94110/ }).count()).toBeGreaterThan(5);
    expect(await violations(page)).toEqual([]);
  });

  it('are traced from the batch that brought them in', async () => {
    await page.goto(`${app.console}/inventory/lineage`);
    await page.getByRole('button', { name: /loans\/2026-11/ }).click();
    await page.getByRole('button', { name: 'Trace' }).click();
    await page.getByRole('heading', { name: 'Ground zero' }).waitFor();
    await page.getByRole('cell', { name: '2026-11' }).first().waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('come from sources, and keep to a policy', async () => {
    await page.goto(`${app.console}/inventory/datasets?tab=sources`);
    await page.getByRole('button', { name: 'Register a source' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Name/).fill('Branch export');
    await dialog.getByLabel(/^Owner/).fill('Loans');
    await dialog.getByRole('button', { name: 'Register this source' }).click();
    await page.getByText('Not reviewed').waitFor();
    await page.goto(`${app.console}/inventory/datasets?tab=policy`);
    await page.getByText('Four eyes on changes').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('give out statistics from a budget', async () => {
    await page.goto(`${version.replace(/\/versions\/\d+$/, '')}?tab=privacy`);
    await page.getByRole('button', { name: 'Set the budget' }).click();
    await page.getByRole('button', { name: 'Release' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('how many loans there are');
    await dialog.getByRole('button').last().click();
    await page.getByText('discrete Laplace').waitFor({ timeout: 60_000 });
    expect(await violations(page)).toEqual([]);
  });

  it('are watched for the slow drip, with what is not seen said', async () => {
    await page.goto(version.replace(/\/versions\/\d+$/, '?tab=watch'));
    await page.getByText(/It learns what is usual|Each version is held against/).waitFor({ timeout: 60_000 });
    await page.getByRole('heading', { name: 'What it does not see' }).waitFor();
    await page.getByLabel('Column with the batch').fill('id');
    await page.getByRole('button', { name: 'Change the watch' }).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('raise no fault on any page', () => {
    expect(faults).toEqual([]);
  });
});
