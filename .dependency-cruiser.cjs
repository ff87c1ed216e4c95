/**
 * The directions of the house as failing checks. ARCHITECTURE.md tells the same in prose; a change
 * here is a change there. A rule's `comment` says what to do instead.
 *
 * Type-only imports count: who names another context's types cannot be changed apart from it.
 */
const contexts =
  'client|ingest|staging-log|processor|revenue|dead-letters|monitoring|retention|verify';
const anyContext = `^src/(${contexts})/`;
const entrance = '\\.(module|port)\\.ts$';
const databaseDriver = '^node_modules/(typeorm|pg|pg-[a-z-]+|@types/pg|@nestjs/typeorm)/';
const ioModules =
  '^(node:)?(child_process|cluster|dgram|dns|fs|http|http2|https|net|process|tls|tty|worker_threads)(/|$)';
// Processes that tests start run the compiled application, which a fresh clone does not have yet.
const compiled = '(^|/)dist/';
const unitSpec = '\\.spec\\.ts$';

/** Who may be named by whom, beyond itself and src/shared. A context that is absent is not bound. */
const mayEnter = {
  client: [],
  ingest: ['staging-log'],
  'staging-log': [],
  revenue: [],
  // Which log a corrected event is claimed for.
  'dead-letters': ['staging-log'],
  // What is loaded, what is quarantined, how a share is written: the log itself knows none of it.
  retention: ['staging-log', 'processor', 'dead-letters', 'verify'],
};

const directions = Object.entries(mayEnter).map(([context, allowed]) => ({
  name: `${context}-stands-apart`,
  comment:
    `src/${context} knows ` +
    (allowed.length === 0 ? 'no other context.' : `no other context than ${allowed.join(', ')}.`),
  severity: 'error',
  from: { path: `^src/${context}/` },
  to: { path: anyContext, pathNot: [context, ...allowed].map((name) => `^src/${name}/`) },
}));

const withoutDatabase = ['client', 'ingest', 'staging-log'].flatMap((context) => [
  {
    name: `${context}-without-database`,
    comment: 'Accepting events does not depend on PostgreSQL being up: no TypeORM and no pg here.',
    severity: 'error',
    from: { path: `^src/${context}/` },
    to: { path: [databaseDriver, '^src/shared/database/'] },
  },
  {
    name: `${context}-without-database-behind-it`,
    comment: 'Something that is imported here leads to TypeORM or pg. Import less, or split it.',
    severity: 'error',
    from: { path: `^src/${context}/`, pathNot: unitSpec },
    to: { path: databaseDriver, reachable: true },
  },
]);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'ingest-and-processor-meet-at-the-staging-log',
      comment: 'They never import each other: the staging log is the contract between them.',
      severity: 'error',
      from: { path: '^src/(ingest|processor)/' },
      to: { path: '^src/(ingest|processor)/', pathNot: '^src/$1/' },
    },
    {
      name: 'ingest-is-reached-over-http',
      comment: 'Events come in through POST /events only, those of the own client included.',
      severity: 'error',
      from: { path: anyContext, pathNot: '^src/(ingest|monitoring)/' },
      to: { path: '^src/ingest/' },
    },
    {
      name: 'staging-log-stores-opaque-lines',
      comment: 'The log knows no event schema.',
      severity: 'error',
      from: { path: '^src/staging-log/' },
      to: { path: '^src/shared/event/' },
    },
    {
      name: 'context-by-its-entrance',
      comment: 'Another context is entered through its *.module.ts or *.port.ts only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: anyContext, pathNot: ['^src/$1/', entrance] },
    },
    {
      name: 'context-by-its-entrance-from-the-root',
      comment: 'What lies directly in src knows modules and ports, nothing behind them.',
      severity: 'error',
      from: { path: '^src/[^/]+$' },
      to: { path: anyContext, pathNot: entrance },
    },
    {
      name: 'contexts-are-put-together-at-the-top',
      comment: 'What lies directly in src and the tools are the top: nobody below imports them.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/[^/]+$', '^src/tools/'] },
      to: {
        path: ['^src/[^/]+$', '^src/tools/'],
        pathNot: unitSpec,
      },
    },
    {
      name: 'shared-is-the-ground-floor',
      comment: 'src/shared imports none of the contexts and nothing above them.',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^src/', pathNot: '^src/shared/' },
    },
    {
      name: 'opentelemetry-for-traces-only',
      comment:
        'Announce what is done on a channel of src/shared/tracing/trace-channels.ts; spans are made of it there.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/shared/tracing/opentelemetry/', unitSpec] },
      to: { path: '^node_modules/@opentelemetry/' },
    },
    {
      name: 'opentelemetry-on-demand',
      comment: 'What makes spans loads OpenTelemetry: import() it, where traces are switched on.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/shared/tracing/opentelemetry/' },
      to: { path: '^src/shared/tracing/opentelemetry/', dynamic: false },
    },
    {
      name: 'monitoring-is-a-leaf',
      comment: 'It reads the others; nobody needs it but src/app.module.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/monitoring/', '^src/app\\.module\\.ts$'] },
      to: { path: '^src/monitoring/' },
    },
    {
      name: 'retention-is-a-leaf',
      comment: 'It takes segments away; nobody needs it but src/app.module.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/retention/', '^src/app\\.module\\.ts$'] },
      to: { path: '^src/retention/' },
    },
    {
      name: 'verify-shares-no-fold',
      comment: 'A proof that runs the code it is to prove proves nothing.',
      severity: 'error',
      from: { path: '^src/(verify/|tools/verify)', pathNot: unitSpec },
      to: { path: '^src/processor/fold' },
    },
    {
      name: 'event-codec-is-pure',
      comment: 'src/shared/event does no I/O, knows no framework and nothing else of ours.',
      severity: 'error',
      from: { path: '^src/shared/event/', pathNot: unitSpec },
      to: { path: '', pathNot: ['^src/shared/event/', '^(node:)?(assert|buffer|util)$'] },
    },
    {
      name: 'fold-is-pure',
      comment: 'The fold from records to deltas does no I/O and knows no framework.',
      severity: 'error',
      from: { path: '^src/processor/fold', pathNot: unitSpec },
      to: { path: [ioModules, '^node_modules/', '^src/shared/(config|database|http)/'] },
    },
    ...directions,
    ...withoutDatabase,
    {
      name: 'migrations-stand-alone',
      comment: 'A migration says what it did when it was written: it imports TypeORM only.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: '', pathNot: '^node_modules/typeorm/' },
    },
    {
      name: 'sources-without-tests',
      comment:
        'Nothing in src or migrations imports from test or bench, and only specs import specs.',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: unitSpec },
      to: { path: ['^(test|bench)/', '\\.(spec|int-spec|crash-spec|e2e-spec)\\.ts$'] },
    },
    {
      name: 'no-dev-dependency-in-production',
      comment: 'A production install has no devDependencies.',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: unitSpec },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unlisted-dependency',
      comment: 'package.json names every package that is imported.',
      severity: 'error',
      from: { path: '^(src|migrations|test|bench)/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        pathNot: compiled,
      },
    },
    {
      name: 'no-unresolvable-import',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: compiled },
    },
    {
      name: 'no-cycle',
      comment: 'Move what both need into a third file.',
      severity: 'error',
      from: { path: '^(src|migrations|test|bench)/' },
      to: { circular: true },
    },
    {
      name: 'no-barrel',
      comment: 'Import from the file that has it; an index.ts hides directions and makes cycles.',
      severity: 'error',
      from: { path: '(^|/)index\\.ts$' },
      to: { path: '' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // A copy of the tree whose node_modules is a link is judged like the tree itself.
    preserveSymlinks: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
