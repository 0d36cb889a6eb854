import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, setUp, startApp, watchFaults } from './app.ts';
import { launchChromium, missingChromium } from './chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds against WCAG 2.2 A and AA on the page as it stands, one line for each element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((result) =>
      result.violations.flatMap((each) => each.nodes.map((node) => each.id + ' at ' + node.target.join(' '))))`,
  )) as string[];
}

/** The inventory of systems in the console, from the first to what an import brings. */
describe.skipIf(missingChromium() !== null)('systems', () => {
  let app: App;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  let id = '';

  beforeAll(async () => {
    app = await startApp();
    browser = await launchChromium();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    faults = watchFaults(context);
    page = await context.newPage();
    page.setDefaultTimeout(45_000);
    await setUp(page, app);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  it('are described in a form that loses nothing', async () => {
    await page.goto(`${app.console}/inventory/systems`);
    await page.getByRole('link', { name: 'Describe the first system' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('CV screening');
    await expect.poll(() => page.getByRole('textbox', { name: 'Key' }).inputValue()).toBe('cv-screening');
    await page.getByRole('textbox', { name: 'Business purpose' }).fill('Fewer applications to read');
    await page.getByRole('button', { name: 'Add a data source' }).click();
    await page.getByRole('textbox', { name: 'Name of data source 1' }).fill('Applications');
    await page.goto(app.console);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${app.console}/inventory/systems/new`);
    await page.getByText('What you typed before is still here').waitFor();
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('CV screening');
    expect(await page.getByRole('textbox', { name: 'Name of data source 1' }).inputValue()).toBe(
      'Applications',
    );
    await page.getByRole('button', { name: 'Describe this system' }).click();
    await page.waitForURL(/\/inventory\/systems\/[0-9a-f-]{36}\?tab=assess/);
    id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  });

  it('get a tier and a class from answers, while they are given', async () => {
    const radio = (group: string, name: string) =>
      page.getByRole('group', { name: group }).getByRole('radio', { name, exact: true }).check();
    const box = (group: RegExp, name: RegExp) =>
      page.getByRole('group', { name: group }).getByRole('checkbox', { name }).first().check();
    await page.getByText('At least that: 15 questions not answered yet.').waitFor();
    await radio('What does its output do to decisions?', 'It recommends, and people mostly follow');
    await radio('What is the worst that a wrong output can realistically do?', 'Next to nothing');
    await radio('How soon is a wrong outcome noticed and put right?', 'Within days');
    await radio('Are the people concerned in a weak position?', 'Some may be');
    await radio('What is the most sensitive data that it sees or holds?', 'Personal or confidential');
    await radio('Who can use it?', 'A few named people');
    await radio('How many people does it affect in a year?', 'Fewer than 100');
    await radio('Whose words and files does it read?', 'What your own people type or keep');
    await radio('What can it do by itself?', 'Nothing but answer');
    await radio('How is it guarded and watched?', 'Logged, and somebody looks regularly');
    await box(/What are you to it/, /^Deployer/);
    await box(/Does it do any of this/, /^None of it/);
    await page
      .getByRole('group', { name: /safety part of a regulated product/ })
      .getByRole('radio', { name: 'No', exact: true })
      .check();
    await box(/meant for one of these purposes/, /filters or judges applicants/);
    await box(/What do people see or hear/, /^None of this/);
    await radio('Does it profile people?', 'Yes (Art. 6(3))');
    await box(/no significant risk/, /^No$/);
    await radio('Are you a public body, or do you provide a public service?', 'No');
    await page.getByText(/the suggested AI Act class is high-risk: at least high/).waitFor();
    await page.getByRole('button', { name: 'Keep these answers' }).click();
    await page.waitForURL(/tab=risk/);
    await page.getByText('Annex III, point 4(a)').first().waitFor();
    await page.getByRole('cell', { name: 'Art. 26', exact: true }).waitFor();
  });

  it('are filtered by what stands in the address, and opened with keys', async () => {
    await page.goto(`${app.console}/inventory/systems?tier=high&class=high-risk`);
    await page.getByRole('link', { name: 'CV screening' }).waitFor();
    await page.goto(`${app.console}/inventory/systems?tier=minimal`);
    await page.getByText('No system fits these filters').waitFor();
    await page.goto(`${app.console}/inventory/systems`);
    await page.getByRole('link', { name: 'CV screening' }).waitFor();
    await page.keyboard.press('j');
    await page.locator('tr[data-selected=true]').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /CV screening/ }).waitFor();
  });

  it('come from a file: errors by line first, then the whole of it', async () => {
    await page.goto(`${app.console}/inventory/systems`);
    const choose = async (text: string) => {
      await page.getByRole('button', { name: 'CSV' }).click();
      await page.getByRole('menuitem', { name: 'Import a file' }).click();
      await page
        .locator('input[type=file]')
        .setInputFiles({ name: 'systems.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    };
    await choose('key;name;state\nchat;Chat;someday\n');
    await page.getByText('Use one of: idea, development').waitFor();
    expect(await page.getByRole('button', { name: 'Take over this file' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await choose('key;name;vendor\nchat;Chat desk;ACME\n');
    await page.getByRole('button', { name: 'Take over this file' }).click();
    await page.getByRole('link', { name: 'Chat desk' }).waitFor();
  });

  it('show how they hang together, in a list that keys use', async () => {
    await page.goto(`${app.console}/inventory/systems?tab=relations`);
    await page.getByRole('button', { name: /Look around Chat desk/ }).press('Enter');
    await page.waitForURL(/around=system/);
    await page.getByText('from ACME').waitFor();
    await expect.poll(() => page.getByText('Applications').count()).toBe(0);
  });

  it('are marked as reviewed from the list of what needs attention', async () => {
    await page.goto(`${app.console}/inventory/systems/${id}?tab=edit`);
    await page
      .getByRole('textbox', { name: 'Next review' })
      .or(page.getByLabel('Next review'))
      .first()
      .fill('2026-01-05');
    await page.getByRole('button', { name: 'Save system' }).click();
    await page.getByText('Its review was due on 2026-01-05.').waitFor();
    await page.goto(`${app.console}/inventory/systems?tab=attention`);
    await page
      .getByRole('row', { name: /Review overdue/ })
      .getByRole('button', { name: 'Mark as reviewed' })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Mark as reviewed' }).click();
    await expect.poll(() => page.getByRole('row', { name: /Review overdue/ }).count()).toBe(0);
  });

  it.each(['light', 'dark'] as const)('pass axe in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const found: string[] = [];
    const list = '/inventory/systems';
    const tabs = ['facts', 'risk', 'relations', 'history', 'assess', 'edit'];
    for (const path of [
      list,
      `${list}?tab=attention`,
      `${list}?tab=relations`,
      `${list}/new`,
      ...tabs.map((tab) => `${list}/${id}?tab=${tab}`),
    ]) {
      await page.goto(`${app.console}${path}`);
      await page.locator('h1').first().waitFor();
      await expect.poll(() => page.getByRole('status', { name: 'Loading' }).count()).toBe(0);
      await page.waitForTimeout(250);
      found.push(...(await violations(page)).map((each) => `${path}: ${each}`));
    }
    expect(found).toEqual([]);
  });

  it('fit a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of [
      '',
      '?tab=attention',
      '?tab=relations',
      '/new',
      `/${id}`,
      `/${id}?tab=risk`,
      `/${id}?tab=assess`,
    ]) {
      await page.goto(`${app.console}/inventory/systems${path}`);
      await page.locator('h1').first().waitFor();
      await page.waitForTimeout(300);
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
    }
    expect(faults).toEqual([]);
  });
});
