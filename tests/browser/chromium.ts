import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why no browser can be started here, or null. */
export const missingChromium = (): string | null =>
  existsSync(executablePath)
    ? null
    : `no Chromium at ${executablePath}; install it or name one in the variable CHROMIUM`;

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--headless=new'] });
