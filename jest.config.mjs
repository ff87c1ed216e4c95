/**
 * Tiers, told apart by file name. Unit specs lie beside their sources and need nothing; the other
 * tiers work against one PostgreSQL that the global setup starts for the whole run. `browser` needs a
 * Chromium, too, which a machine may not have: it is a run of its own.
 */
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/test/support/node-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'mjs', 'js', 'cjs', 'json', 'node'],
  // Sources import each other with the `.js` that exists after the build; here it is still `.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
  restoreMocks: true,
};

const withDatabase = {
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

export default {
  // Two cores are the smallest machine this is built on. The crash and e2e tiers start real
  // processes and measure them, so their scripts run one spec file at a time.
  maxWorkers: 2,
  // A guard against what hangs; slow machines under load need most of it for the exhaustive tests.
  testTimeout: 180_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    {
      ...base,
      ...withDatabase,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.int-spec.ts'],
    },
    {
      ...base,
      ...withDatabase,
      displayName: 'crash',
      testMatch: ['<rootDir>/test/crash/**/*.crash-spec.ts'],
    },
    {
      ...base,
      ...withDatabase,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'],
    },
    {
      ...base,
      ...withDatabase,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
    },
  ],
};
