import { followBalance, paintBalance } from './balance.js';
import { RateChart } from './chart.js';
import { clearDeadLetters, refreshDeadLetters, startDeadLetters } from './dead-letters.js';
import { byId, setText } from './dom.js';
import { clearGenerate, lookForRun, startGenerate } from './generate.js';
import { showConnecting, showHealth, showLocked, showLost } from './health.js';
import { startKeys } from './key-dialog.js';
import { LiveConnection } from './live.js';
import { clearLoads, refreshLoads } from './loads.js';
import { Rates } from './rates.js';
import { clearRevenue, followRevenue, paintRevenue } from './revenue.js';
import { clearTiles, showTiles } from './tiles.js';
import { clearUsers, refreshUsers, startUsers } from './users.js';

const PILLS = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost',
  locked: 'no access',
};

const rates = new Rates();
const chart = new RateChart();
/** @type {Live | null} */
let last = null;
/** Of the connection; the rest of the page is read anew whenever it comes back. */
let isLive = false;

/** @param {Live} live */
function take(live) {
  const before = last;
  last = live;
  rates.add(live);
  showHealth(live.readiness);
  showTiles(live, rates);
  chart.show(rates.points);
  followRevenue(live);
  followBalance(live);
  const { status } = live;
  if (before === null || before.status.deadLetters !== status.deadLetters) refreshDeadLetters();
  if (before === null || before.status.lastLoad?.toOffset !== status.lastLoad?.toOffset) {
    refreshLoads();
    refreshUsers();
  }
}

/** @param {Connection} connection */
function change(connection) {
  const pill = byId('connection');
  setText(pill, PILLS[connection.kind]);
  pill.dataset['kind'] = connection.kind === 'locked' ? 'lost' : connection.kind;
  byId('enter-key').hidden = connection.kind !== 'locked';
  document.body.dataset['stale'] = String(connection.kind !== 'live');
  if (connection.kind === 'live') {
    if (!isLive) comeBack();
    return;
  }
  isLive = false;
  rates.interrupt();
  clearTiles();
  if (connection.kind === 'lost')
    showLost(connection.why, connection.retrySeconds, last?.at ?? null);
  else if (connection.kind === 'locked') showLocked(connection.why);
  else showConnecting();
}

function comeBack() {
  isLive = true;
  last = null;
  void lookForRun();
}

/** Whoever has no key sees nothing of what another one saw. */
function forgetEverything() {
  last = null;
  rates.clear();
  chart.show([]);
  clearTiles();
  clearGenerate();
  clearLoads();
  clearRevenue();
  clearUsers();
  clearDeadLetters();
}

function startTheme() {
  const button = byId('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => {
    const { theme } = document.documentElement.dataset;
    return theme === undefined ? system.matches : theme === 'dark';
  };
  const show = () => {
    button.setAttribute('aria-pressed', String(isDark()));
    chart.paint();
    paintRevenue();
    paintBalance();
  };
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem('theme', theme);
    show();
  });
  system.addEventListener('change', show);
  show();
}

setText(byId('zone'), Intl.DateTimeFormat().resolvedOptions().timeZone);
const live = new LiveConnection(take, change);
startTheme();
startKeys({
  onForget: () => {
    forgetEverything();
    live.restart();
  },
  onAnswer: () => live.listen(),
});
byId('enter-key').addEventListener('click', () => live.restart());
startUsers();
startDeadLetters();
startGenerate();
live.restart();
