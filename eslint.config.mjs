import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { kebabCaseFileName } from './scripts/eslint/kebab-case-file-name.mjs';

/** What runs in a browser, as it is written. */
const page = 'src/monitoring/dashboard/page/*.js';
const tests = ['test/**', '**/*.spec.ts'];

/** Constructors are exempt: dependency injection passes one parameter per collaborator. */
const moreThanThreeParameters = [
  'FunctionDeclaration[params.length>3]',
  'ArrowFunctionExpression[params.length>3]',
  'MethodDefinition:not([kind="constructor"]) > FunctionExpression[params.length>3]',
  ':not(MethodDefinition) > FunctionExpression[params.length>3]',
].join(', ');

const size = {
  'max-lines': ['error', { max: 250 }],
  'max-lines-per-function': ['error', { max: 70 }],
  'no-restricted-syntax': [
    'error',
    {
      selector: moreThanThreeParameters,
      message: 'At most three positional parameters: pass an object with named properties.',
    },
  ],
};

const typescriptRules = {
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { requireDefaultForNonUnion: true }],
  '@typescript-eslint/no-floating-promises': 'error',
  // Modules of Nest are classes that only carry a decorator.
  '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  // It keeps what it concluded across an await, so it calls the second `signal.aborted` needless.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  // Types of Node say boolean where it may be undefined (`isTTY`).
  '@typescript-eslint/no-unnecessary-type-conversion': 'off',
  // Nest declares its options as classes and takes object literals for them.
  '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
};

/** The environment is read in one place, where it is validated and reported as a whole. */
const noEnvironment = {
  'no-restricted-properties': [
    'error',
    { object: 'process', property: 'env', message: 'Only src/shared/config reads process.env.' },
  ],
  'no-restricted-imports': [
    'error',
    { name: 'node:process', importNames: ['env'], message: 'Only src/shared/config reads it.' },
    { name: 'process', message: 'Use the global process.' },
  ],
  'no-console': 'error',
};

const testRules = {
  // A describe block is as long as its cases, and its cases reach into untyped answers.
  'max-lines-per-function': 'off',
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/no-unsafe-assignment': 'off',
  '@typescript-eslint/no-unsafe-member-access': 'off',
  '@typescript-eslint/unbound-method': 'off',
};

const nodeGlobals = Object.fromEntries(
  [
    ...['AbortController', 'AbortSignal', 'Buffer', 'URL', 'URLSearchParams', 'TextDecoder'],
    ...['TextEncoder', 'clearInterval', 'clearTimeout', 'console', 'fetch', 'performance'],
    ...['process', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone'],
  ].map((name) => [name, 'readonly']),
);

const browserGlobals = Object.fromEntries(
  [
    ...['document', 'window', 'location', 'localStorage', 'sessionStorage', 'fetch', 'matchMedia'],
    ...['AbortController', 'ResizeObserver', 'Response', 'TextDecoderStream', 'getComputedStyle'],
    ...[
      'HTMLButtonElement',
      'HTMLDialogElement',
      'HTMLElement',
      'HTMLFormElement',
      'HTMLInputElement',
    ],
    ...['HTMLMeterElement', 'HTMLProgressElement', 'HTMLSelectElement'],
    ...['clearTimeout', 'setTimeout', 'uPlot'],
  ].map((name) => [name, 'readonly']),
);

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'data/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    plugins: { local: { rules: { 'kebab-case-file-name': kebabCaseFileName } } },
    rules: { 'local/kebab-case-file-name': 'error', eqeqeq: 'error', ...size },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: typescriptRules,
  },
  { files: ['src/**/*.ts'], ignores: ['src/shared/config/**', ...tests], rules: noEnvironment },
  {
    // Each read of a typed array may be undefined to the compiler; in loops over bytes none is.
    files: ['src/processor/fold/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: tests, rules: testRules },
  {
    files: ['**/*.{js,mjs,cjs}'],
    ignores: [page],
    languageOptions: { globals: nodeGlobals },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  { files: [page], languageOptions: { globals: browserGlobals } },
);
