/**
 * Draws how far a run is, with the time that is left, on standard error, which is a terminal: reads the
 * events of `GET /generateEvents/progress` from standard input, to its end.
 */
const PLACES = 20;
/** Ten seconds of events: the time that is left goes by the present speed, and does not leap. */
const SAMPLES_MAX = 40;

let rest = '';
let samples = [];

process.stdin.setEncoding('utf8');
process.stdin.on('data', (part) => {
  const blocks = (rest + part).split('\n\n');
  rest = blocks.pop();
  for (const block of blocks) {
    if (block.startsWith('data: ')) draw(JSON.parse(block.slice('data: '.length)));
  }
});

/** How a run ended that went on before, or was never begun, is for others to tell. */
function draw(progress) {
  if (!progress.running) samples = [];
  else if (progress.runId === null) show('reading the file before it is sent');
  else show(barOf(progress));
}

function barOf({ bytesRead, bytesTotal, ratePerSecond, accepted, duplicates, invalidTotal }) {
  samples.push({ bytes: bytesRead, at: performance.now() });
  if (samples.length > SAMPLES_MAX) samples.shift();
  const share = bytesTotal === 0 ? 1 : bytesRead / bytesTotal;
  const bar = '#'.repeat(Math.floor(share * PLACES)).padEnd(PLACES, '-');
  const percent = `${Math.floor(share * 100)}%, ETA ${timeLeft(bytesTotal - bytesRead)}`;
  let counts = `${ratePerSecond}/s, ${accepted} accepted`;
  if (duplicates > 0) counts += `, ${duplicates} duplicates`;
  if (invalidTotal > 0) counts += `, ${invalidTotal} invalid`;
  return `[${bar}] ${percent}, ${counts}`;
}

/** 1:02:03 or 2:03; `?` while nothing moves. */
function timeLeft(bytes) {
  const [first, last] = [samples[0], samples.at(-1)];
  const bytesPerMs = (last.bytes - first.bytes) / (last.at - first.at);
  if (!(bytesPerMs > 0)) return '?';
  const seconds = Math.ceil(bytes / bytesPerMs / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** No longer than the terminal is wide: of a line that wraps, the rest would stay behind. */
function show(text) {
  process.stderr.write(`\r${text.slice(0, (process.stderr.columns || 80) - 1)}\u001b[K`);
}
