import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, ask, HARMLESS, INJECTION, setUp, startApp, watchFaults } from './app.ts';
import { launchChromium, missingChromium } from './chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** What axe finds against WCAG 2.2 A and AA on the page as it stands, one line for each element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((result) => result.violations)`,
  )) as Violation[];
  return found.flatMap((each) =>
    each.nodes.map((node) => `${each.id} at ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  );
}

/** How the console reads: with keys alone, in both themes, on a phone, and when the server is away. */
describe.skipIf(missingChromium() !== null)('reading the console', () => {
  let app: App;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  let blocked: string;
  let policy: string;
  let endpoint: string;

  beforeAll(async () => {
    app = await startApp();
    browser = await launchChromium();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    faults = watchFaults(context);
    page = await context.newPage();
    page.setDefaultTimeout(45_000);
    await setUp(page, app);
    for (const text of [HARMLESS, INJECTION, 'Where is my order?']) await ask(app, text);
    await page.getByRole('link', { name: 'Where is my order?' }).waitFor();
    const idOf = async (path: string) => {
      const answer = (await (await context.request.get(`${app.console}${path}`)).json()) as {
        items: { id: string }[];
      };
      return answer.items[0]?.id ?? '';
    };
    blocked = await idOf('/api/v1/interactions?verdict=block');
    policy = await idOf('/api/v1/policies');
    endpoint = await idOf('/api/v1/endpoints');
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  it.each(['light', 'dark'] as const)('passes axe on every page in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const paths = [
      '/',
      '/traffic/interactions',
      `/traffic/interactions/${blocked}`,
      '/traffic/playground',
      '/protection/endpoints',
      `/protection/endpoints/${endpoint}`,
      `/protection/endpoints/${endpoint}?tab=settings`,
      `/protection/endpoints/${endpoint}?tab=models`,
      '/protection/policies',
      '/protection/policies/new',
      `/protection/policies/${policy}`,
      `/protection/policies/${policy}?tab=dry-run`,
      `/protection/policies/${policy}?tab=versions`,
      '/settings/people',
      '/settings/people?tab=roles',
      '/settings/people?tab=teams',
      '/settings/keys',
      '/settings/keys?new=1',
      '/settings/keys?tab=service-accounts',
      '/settings/sign-in',
      '/settings/sign-in?tab=sso',
      '/settings/sign-in?tab=scim',
      '/settings/sinks',
      '/settings/fleet',
      '/traffic/reviews',
      '/governance/audit',
      '/governance/audit?tab=summary',
      '/governance/audit?tab=proof',
      '/account',
      '/sign-in',
      '/nowhere',
    ];
    const found: string[] = [];
    for (const path of paths) {
      await page.goto(`${app.console}${path}`);
      await page.locator('h1').first().waitFor();
      await expect.poll(() => page.getByRole('status', { name: 'Loading' }).count()).toBe(0);
      await page.waitForTimeout(250);
      found.push(...(await violations(page)).map((each) => `${path}: ${each}`));
    }
    expect(found).toEqual([]);
  });

  it('is read with the keys alone', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${app.console}/traffic/interactions`);
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('Tab');
    await page.getByRole('link', { name: 'Skip to content' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('main:focus').waitFor();

    await page.keyboard.press('/');
    await page.getByRole('searchbox', { name: 'Search in text' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.type('order');
    await page.waitForURL(/text=order/);
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.locator('tr[data-selected=true]').getByText('Where is my order?').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /Request to demo/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(/text=order/);
    await page.getByRole('row').nth(1).waitFor();
  });

  it('keeps the filter in the address, so that a link shows the same', async () => {
    await page.goto(`${app.console}/traffic/interactions`);
    await page.getByRole('button', { name: 'Verdict', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Block' }).check();
    await page.waitForURL(/verdict=block/);
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    const other = await context.newPage();
    await other.goto(page.url());
    await other.getByRole('button', { name: /Verdict\s*Block/ }).waitFor();
    await expect.poll(() => other.getByRole('row').count()).toBe(2);
    await other.close();
  });

  const exportMasked = async (from: Page) => {
    await from.getByRole('button', { name: 'Export JSONL' }).click();
    await from.getByRole('menuitem', { name: 'With what guards found masked' }).click();
    await from.getByRole('textbox', { name: 'Reason' }).fill('monthly report to the board');
    await from.getByRole('button', { name: 'Show and record' }).click();
  };

  it('exports what is filtered', async () => {
    await page.goto(`${app.console}/traffic/interactions?verdict=block`);
    const [download] = await Promise.all([page.waitForEvent('download'), exportMasked(page)]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { verdict: string }).verdict)).toEqual(['block']);
  });

  it('shows new interactions in the list while it is live', async () => {
    await page.goto(`${app.console}/traffic/interactions?live=1&verdict=block`);
    await page.getByRole('row').nth(1).waitFor();
    await page.waitForTimeout(300);
    await ask(app, `${INJECTION} While live.`);
    await ask(app, 'Harmless while live');
    await page.getByRole('row', { name: /While live/ }).waitFor();
    expect(await page.getByRole('row', { name: /Harmless while live/ }).count()).toBe(0);
  });

  it('remembers the chosen theme from the first paint on', async () => {
    await page.goto(app.console);
    await page.getByRole('button', { name: /Account menu/ }).click();
    await page.getByText('Dark', { exact: true }).click();
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
    await page.goto(app.console, { waitUntil: 'commit' });
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: /Account menu/ }).click();
    await page.getByText('Auto', { exact: true }).click();
    await page.locator('html[data-mantine-color-scheme=light]').waitFor();
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['/', `/traffic/interactions/${blocked}`, '/traffic/interactions']) {
      await page.goto(`${app.console}${path}`);
      await page.locator('h1').first().waitFor();
      await page.waitForTimeout(300);
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390);
    }
    await page.getByRole('button', { name: 'Menu', exact: true }).click();
    await page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: 'Policies' }).click();
    await page.getByRole('heading', { name: 'Policies' }).waitFor();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('says when the server does not answer and how old the data is, and recovers by itself', async () => {
    await page.goto(app.console);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.route('**/api/v1/**', (route) => route.abort());
    await page.getByText('24 h', { exact: true }).click();
    await page
      .getByText(/Bartizan does not answer\. What you see is from \d\d:\d\d:\d\d/)
      .waitFor({ timeout: 30_000 });
    await page.unroute('**/api/v1/**');
    await expect.poll(() => page.getByText('Bartizan does not answer').count(), { timeout: 20_000 }).toBe(0);
  });

  it('closes its stream while the tab is hidden', async () => {
    await page.goto(app.console);
    await page.getByText('Live', { exact: true }).waitFor();
    const hide = (hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      );
    await hide(true);
    await page.getByText('Paused', { exact: true }).waitFor();
    await ask(app, 'Asked while nobody looked');
    await hide(false);
    await page.getByRole('link', { name: 'Asked while nobody looked' }).waitFor();
  });

  it('paints within a second without anything in the cache', async () => {
    const paints: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const cold = await browser.newContext({ storageState: await context.storageState() });
      const fresh = await cold.newPage();
      await fresh.goto(app.console);
      await fresh.getByRole('heading', { name: 'Overview' }).waitFor();
      const painted = () =>
        fresh.evaluate(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`);
      await expect.poll(painted).toBeGreaterThan(0);
      paints.push(Math.round(Number(await painted())));
      await cold.close();
    }
    console.info(`first contentful paint after ${paints.join(', ')} ms`);
    expect(Math.min(...paints)).toBeLessThan(1000);
  });

  it('has seen no fault of the page', () => {
    expect(faults).toEqual([]);
  });
});
