import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser to test with: CHROMIUM_PATH, or the first one in PATH. @throws naming the remedy. */
export function findChromium(): string {
  const { CHROMIUM_PATH: named = '', PATH: path = '' } = process.env;
  const places = path.split(delimiter).filter((place) => place !== '');
  const candidates =
    named === '' ? NAMES.flatMap((name) => places.map((place) => join(place, name))) : [named];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  const where = named === '' ? `no ${NAMES.join(', ')} in PATH` : `CHROMIUM_PATH=${named} is none`;
  throw new Error(
    `${where}: install one (apt-get install chromium), or set CHROMIUM_PATH to a Chromium or Chrome`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
