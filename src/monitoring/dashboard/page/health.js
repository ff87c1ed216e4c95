import { byId, make, setText } from './dom.js';
import { formatTime } from './format.js';

const TAKE_ALONG =
  'What it has accepted since is nowhere else: take it along when you put the right one back, as “A copied or restored data directory” in docs/operations.md says. Only where that one is lost, begin a new epoch (npm run log -- new-epoch).';

/**
 * What to do, by code. docs/operations.md says more.
 * @type {Readonly<Record<string, string>>}
 */
const REMEDIES = {
  SHUTTING_DOWN: 'Start the application again when it has stopped; what was accepted is safe.',
  LOG_UNAVAILABLE:
    'Look after the disk of DATA_DIR, and put back any file of the log that was moved or changed; the log tries again by itself.',
  DISK_FULL: 'Make room on the disk of DATA_DIR; events are accepted again within seconds.',
  QUEUE_FULL:
    'Senders are faster than the disk: they send again by themselves; find out what slows the disk.',
  BACKLOG_FULL:
    'Find out why loads do not keep up, usually the database; events are accepted again once they do.',
  LOG_CLOSED: 'The application is stopping: start it again when it has stopped.',
  LOG_FORKED: `This data directory is a copy that went on by itself. ${TAKE_ALONG}`,
  LOG_BEHIND_CHECKPOINT: `This data directory is older than the database. ${TAKE_ALONG}`,
  LOG_DAMAGED:
    'Restore the segment from a backup, or begin a new epoch (npm run log -- new-epoch).',
  LOG_TRIMMED:
    'Restore a newer backup of the database: retention deleted events that this one has not loaded.',
  DATABASE_AWAY: 'Start PostgreSQL, or look after the network to it; loads catch up by themselves.',
  LOAD_FAILING: 'Each tick tries again; the message says what the database refuses.',
  LAG: 'Look after the database: it is slow, hangs, or is away; nothing is lost meanwhile.',
};

/** With these the log takes events as before, but none is loaded from it. */
const WRONG_LOG = ['LOG_FORKED', 'LOG_BEHIND_CHECKPOINT', 'LOG_DAMAGED', 'LOG_TRIMMED'];

const TITLES = {
  ready: ['Ready', 'Events are accepted, and balances are current.'],
  degraded: [
    'Accepting, but balances are not current',
    'Every accepted event is safe; loads catch up once this is over:',
  ],
  wrong_log: [
    'Accepting, but nothing is loaded',
    'What is accepted now is safe, but only in this data directory. Why:',
  ],
  not_ready: ['Not accepting events', 'Senders are told to try again later. Why:'],
  shutting_down: ['Shutting down', 'What was accepted is safe.'],
};

/** @param {Live['readiness']} readiness */
export function showHealth(readiness) {
  const kind = kindOf(readiness);
  const [title = '', text = ''] = TITLES[kind];
  put(readiness.status === 'ready' ? kind : 'not_ready', title, text);
  showFindings([...readiness.failing, ...readiness.degraded]);
}

/** @param {Live['readiness']} readiness */
function kindOf({ status, failing, degraded }) {
  if (status === 'ready') return degraded.length > 0 ? 'degraded' : 'ready';
  const isTaking = failing.every(({ code }) => WRONG_LOG.includes(code));
  return status === 'not_ready' && isTaking ? 'wrong_log' : status;
}

/**
 * @param {string} why
 * @param {number} retrySeconds
 * @param {string | null} lastAt when something was heard the last time
 */
export function showLost(why, retrySeconds, lastAt) {
  const since = lastAt === null ? '' : ` What is shown below is of ${formatTime(lastAt)}.`;
  put('lost', 'Connection lost', `${capital(why)}; trying again in ${retrySeconds} s.${since}`);
  showFindings([]);
}

/** @param {string} why */
export function showLocked(why) {
  put('lost', 'No access', `${capital(why)}. Enter a key that may read.`);
  showFindings([]);
}

export function showConnecting() {
  put('unknown', 'Connecting …', '');
  showFindings([]);
}

/**
 * Only the title is announced: it says what changes in importance.
 * @param {string} kind
 * @param {string} title
 * @param {string} text
 */
function put(kind, title, text) {
  byId('health').dataset['kind'] = kind;
  setText(byId('health-title'), title);
  document.title = kind === 'ready' ? 'revenue-etl' : `${title} · revenue-etl`; // it may be one of many tabs
  setText(byId('health-text'), text);
}

/** @param {readonly Finding[]} findings */
function showFindings(findings) {
  const list = byId('findings');
  const items = findings.map(({ code, message }) => {
    const what = make('span', '', make('code', '', code), `: ${message}`);
    return make('li', '', what, make('strong', 'remedy', REMEDIES[code] ?? ''));
  });
  const differs = items.map((item) => item.textContent).join('\n') !== list.dataset['shown'];
  if (!differs) return;
  list.dataset['shown'] = items.map((item) => item.textContent).join('\n');
  list.replaceChildren(...items);
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
