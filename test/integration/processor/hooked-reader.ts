import {
  StagingLogReader,
  type LogChunk,
  type LogComparison,
  type Offset,
} from '../../../src/staging-log/staging-log.port.js';

/** What happens before the calls to a log. */
export interface Hooks {
  readonly beforeRead?: (from: Offset) => Promise<void> | void;
  readonly beforeFingerprint?: (offset: Offset) => Promise<void> | void;
}

/** A real log, with something happening before some of its calls. */
export class HookedReader extends StagingLogReader {
  readonly identity: string;

  constructor(
    private readonly log: StagingLogReader,
    private readonly hooks: Hooks,
  ) {
    super();
    this.identity = log.identity;
  }

  endOffset(): Offset {
    return this.log.endOffset();
  }

  async read(from: Offset, bytesMax: number): Promise<LogChunk> {
    await this.hooks.beforeRead?.(from);
    return this.log.read(from, bytesMax);
  }

  /** Everything goes through `read`. */
  extentAt(): Promise<null> {
    return Promise.resolve(null);
  }

  startOffset(): Offset {
    return this.log.startOffset();
  }

  async fingerprintBefore(offset: Offset): Promise<string> {
    await this.hooks.beforeFingerprint?.(offset);
    return this.log.fingerprintBefore(offset);
  }

  async compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    await this.hooks.beforeFingerprint?.(offset);
    return this.log.compare(offset, fingerprint);
  }

  timestampAt(offset: Offset): Promise<number | null> {
    return this.log.timestampAt(offset);
  }
}

/** A place to wait at until so many have come. */
export function meetingOf(count: number): { readonly come: () => Promise<void>; came: number } {
  let open: () => void = () => undefined;
  const complete = new Promise<void>((resolve) => (open = resolve));
  const meeting = {
    came: 0,
    come: (): Promise<void> => {
      meeting.came += 1;
      if (meeting.came === count) open();
      return complete;
    },
  };
  return meeting;
}
