import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, ask, INJECTION, onConsole, setUp, startApp, watchFaults } from './app.ts';
import { launchChromium, missingChromium } from './chromium.ts';

const PASSWORD = 'copper lantern winter ferry';

describe.skipIf(missingChromium() !== null)('proof, teams and second persons', () => {
  let app: App;
  let browser: Browser;
  let mara: Page;
  let noor: Page;
  const faults: string[] = [];

  const newPage = async () => {
    const context = await browser.newContext();
    faults.push(...watchFaults(context));
    const page = await context.newPage();
    page.setDefaultTimeout(45_000);
    return page;
  };
  /** Mara invites somebody, who chooses a password in a browser of their own. */
  const invite = async (name: string, role: RegExp): Promise<Page> => {
    await mara.goto(`${app.console}/settings/people`);
    await mara.getByRole('button', { name: 'Invite a person' }).click();
    await mara.getByRole('textbox', { name: 'Name' }).fill(name);
    await mara.getByRole('textbox', { name: 'E-mail' }).fill(`${name.toLowerCase()}@example.test`);
    await mara.getByRole('checkbox', { name: role }).check();
    await mara.getByRole('button', { name: 'Create invitation link' }).click();
    const link = (await mara.getByLabel('Invitation link', { exact: true }).textContent()) ?? '';
    await mara.getByRole('button', { name: 'Done' }).click();
    const page = await newPage();
    await page.goto(onConsole(app, link));
    await page.locator('input[type=password]').fill(PASSWORD);
    await page.getByRole('button', { name: 'Choose password and sign in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    return page;
  };

  beforeAll(async () => {
    app = await startApp();
    browser = await launchChromium();
    mara = await newPage();
    await setUp(mara, app);
    noor = await invite('Noor', /^Security/);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  it('shows who did what, and the browser itself computes the proof', async () => {
    await mara.goto(`${app.console}/governance/audit?action=people.*`);
    await mara.getByRole('link', { name: 'people.invited' }).first().click();
    await mara.getByText('The entry is in the log, unaltered').waitFor();
    await mara.getByText('noor@example.test').first().waitFor();
  });

  it('verifies the whole log and says so', async () => {
    await ask(app, INJECTION);
    await mara.goto(`${app.console}/governance/audit?tab=proof`);
    await mara.getByRole('button', { name: 'Verify now' }).click();
    await mara.getByText('Nothing was altered').waitFor({ timeout: 30_000 });
  });

  it('makes a change to guards wait for somebody else', async () => {
    await mara.goto(`${app.console}/settings/sign-in`);
    await mara.getByRole('switch', { name: 'Somebody else has to approve' }).click();
    await mara.getByText('Four eyes are demanded').waitFor();

    await mara.goto(`${app.console}/protection/endpoints`);
    await mara.getByRole('link', { name: /demo/i }).first().click();
    await mara.getByRole('link', { name: 'Settings', exact: true }).click();
    await mara.getByRole('combobox', { name: 'Policy' }).click();
    await mara.getByRole('option', { name: 'Standard' }).click();
    await mara.getByRole('button', { name: 'Save' }).click();
    await mara.getByLabel('Why should this change?').fill('to see what passes without guards');
    await mara.getByRole('button', { name: 'Propose' }).click();
    await mara.getByText(/^Proposed/).waitFor();
    expect((await ask(app, INJECTION)).status).toBe(403);

    await mara.goto(`${app.console}/traffic/reviews`);
    await mara.getByRole('row').nth(1).click();
    expect(await mara.getByRole('button', { name: 'Approve this change' }).isDisabled()).toBe(true);
    await noor.goto(mara.url());
    await noor.getByText('to see what passes without guards').waitFor();
    await noor.getByRole('button', { name: 'Approve this change' }).click();
    await noor.getByText('Approved and done').waitFor();
    await expect.poll(async () => (await ask(app, INJECTION)).status, { timeout: 30_000 }).toBe(200);
  });

  it('keeps an endpoint of a team from everybody else', async () => {
    await mara.goto(`${app.console}/settings/people?tab=teams`);
    await mara.getByRole('button', { name: 'Create team' }).click();
    await mara.getByRole('textbox', { name: 'Name' }).fill('Claims');
    await mara.getByRole('dialog').getByRole('button', { name: 'Create team' }).click();
    await mara.getByText('Nobody is in it yet').waitFor();
    const eve = await invite('Eve', /^ML engineer/);
    await eve.goto(`${app.console}/protection/endpoints`);
    await eve.getByRole('link', { name: /demo/i }).first().waitFor();

    await mara.goto(`${app.console}/protection/endpoints`);
    await mara.getByRole('link', { name: /demo/i }).first().click();
    await mara.getByRole('link', { name: 'Settings', exact: true }).click();
    await mara.getByRole('combobox', { name: 'Team' }).click();
    await mara.getByRole('option', { name: 'Claims' }).click();
    await mara.getByRole('button', { name: 'Save' }).click();
    await mara.getByText(/^Endpoint saved/).waitFor();
    const address = mara.url();

    await eve.goto(address);
    await eve.getByRole('heading', { name: 'This is not here' }).waitFor();
    await eve.goto(`${app.console}/traffic/interactions`);
    await eve.getByRole('heading', { name: 'Interactions' }).waitFor();
    expect(await eve.getByRole('row').count()).toBeLessThan(2);

    await mara.goto(`${app.console}/settings/people?tab=teams`);
    await mara.getByRole('combobox', { name: 'Put somebody into Claims' }).click();
    await mara.getByRole('option', { name: /^Eve/ }).click();
    await mara.getByText('eve@example.test').waitFor();
    await eve.goto(address);
    await eve.getByRole('heading', { name: /demo/i }).waitFor();
  });

  it('tells a person what they may do and why not', async () => {
    const page = noor;
    await page.goto(`${app.console}/account`);
    const row = page.getByRole('row', { name: /people\.manage/ });
    await row.getByText('no', { exact: true }).waitFor();
    await row.getByText(/Administrator/i).waitFor();
  });

  it('makes an emergency account, whose use everybody hears of', async () => {
    await mara.goto(`${app.console}/settings/people`);
    await mara.getByRole('button', { name: 'More' }).click();
    await mara.getByRole('menuitem', { name: 'Make an emergency account' }).click();
    await mara.getByRole('textbox', { name: 'E-mail' }).fill('emergency@example.test');
    await mara.getByRole('button', { name: 'Make the account' }).click();
    const password = (await mara.getByLabel('Emergency password', { exact: true }).textContent()) ?? '';
    await mara.getByRole('button', { name: 'Done' }).click();

    const page = await newPage();
    await page.goto(app.console);
    await page.getByRole('textbox', { name: 'E-mail' }).fill('emergency@example.test');
    await page.locator('input[type=password]').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();

    await mara.goto(app.console);
    await mara
      .getByRole('alert')
      .filter({ hasText: /emergency|break-glass/i })
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Acknowledge this alarm' }).count()).toBe(0);
    await mara.getByRole('button', { name: 'Acknowledge this alarm' }).first().click();
    await mara.getByLabel(/What did you find/).fill('a drill, announced by mail');
    await mara.getByRole('button', { name: 'Acknowledge', exact: true }).click();
    await expect.poll(() => mara.getByRole('button', { name: 'Acknowledge this alarm' }).count()).toBe(0);
  });

  it('adds a sink and sends it a test event', async () => {
    await mara.goto(`${app.console}/settings/sinks`);
    await mara.getByRole('button', { name: 'Add a sink' }).click();
    await mara.getByRole('textbox', { name: 'Name', exact: true }).fill('To a file');
    await mara.getByRole('combobox', { name: 'Send as' }).click();
    await mara.getByRole('option', { name: 'File on the server' }).click();
    await mara.getByRole('button', { name: 'Send a test event' }).click();
    await mara.getByText(/The receiver took the test event/).waitFor();
    await mara.getByRole('button', { name: 'Save' }).click();
    await mara.getByText('Sink saved').waitFor();
    await ask(app, INJECTION);
    await expect
      .poll(async () => mara.getByRole('row', { name: /To a file/ }).textContent(), { timeout: 20_000 })
      .toMatch(/Delivers/);
  });

  it('shows no fault in the console of the browser', () => {
    expect(faults).toEqual([]);
  });
});
