import { ApiError, describeError, request } from './api.js';
import { readEvents } from './event-stream.js';
import { isAsking } from './key-dialog.js';

/** The server tells something each second; a database that hangs makes it five. */
const SILENCE_MS_MAX = 8_000;
const SILENCE = `the application has not said anything for ${SILENCE_MS_MAX / 1000} s`;
const RETRY_SECONDS_MAX = 10;
/** A browser has six connections to a host for all its tabs: one that nobody looks at gives its own back. */
const HIDDEN_MS_MAX = 60_000;

/**
 * Follows `GET /status/live`, again and again with growing pauses, as long as somebody looks at the page.
 * Where a key is missing or lacks the scope, it waits for `restart`.
 */
export class LiveConnection {
  /**
   * @param {(live: Live) => void} onLive
   * @param {(connection: Connection) => void} onChange
   */
  constructor(onLive, onChange) {
    this.onLive = onLive;
    this.onChange = onChange;
    this.failures = 0;
    /** @type {AbortController | null} */
    this.attempt = null;
    /** @type {number | undefined} */
    this.retryTimer = undefined;
    /** @type {number | undefined} */
    this.silenceTimer = undefined;
    /** @type {number | undefined} */
    this.hiddenTimer = undefined;
    document.addEventListener('visibilitychange', () => this.look());
    window.addEventListener('online', () => {
      if (this.attempt === null) this.restart();
    });
  }

  /** Begins anew, now. */
  restart() {
    this.stop();
    this.failures = 0;
    void this.run();
  }

  stop() {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    this.attempt?.abort();
    this.attempt = null;
  }

  look() {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) {
      this.hiddenTimer = setTimeout(() => {
        this.stop();
        this.onChange({ kind: 'connecting' });
      }, HIDDEN_MS_MAX);
    } else if (this.attempt === null) this.restart();
  }

  async run() {
    const attempt = new AbortController();
    this.attempt = attempt;
    if (this.failures === 0) this.onChange({ kind: 'connecting' });
    /** @type {unknown} */
    let error = new ApiError(0, '', 'the application has ended the connection');
    try {
      const headers = { Accept: 'text/event-stream' };
      this.listen();
      const response = await request('status/live', { headers, signal: attempt.signal });
      this.listen();
      await readEvents(response, (live) => {
        if (this.attempt === attempt) this.take(live);
      });
    } catch (thrown) {
      if (attempt.signal.aborted) error = attempt.signal.reason;
      else if (thrown instanceof ApiError) error = thrown;
    }
    if (this.attempt === attempt) this.fail(error);
  }

  /** @param {Live} live */
  take(live) {
    this.failures = 0;
    this.listen();
    this.onChange({ kind: 'live' });
    this.onLive(live);
  }

  /** From now on an attempt without a word is cut; not while a person is asked for a key: to be called behind that. */
  listen() {
    clearTimeout(this.silenceTimer);
    const { attempt } = this;
    this.silenceTimer = setTimeout(() => {
      if (!isAsking()) attempt?.abort(new ApiError(0, '', SILENCE));
    }, SILENCE_MS_MAX);
  }

  /** @param {unknown} error */
  fail(error) {
    this.stop();
    const why = describeError(error);
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      this.onChange({ kind: 'locked', why });
      return;
    }
    const retrySeconds = Math.min(RETRY_SECONDS_MAX, 2 ** this.failures);
    this.failures += 1;
    this.onChange({ kind: 'lost', why, retrySeconds });
    this.retryTimer = setTimeout(() => void this.run(), retrySeconds * 1000);
  }
}
