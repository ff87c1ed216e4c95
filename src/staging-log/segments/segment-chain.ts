import { ActiveSegment, type SegmentPlace } from './active-segment.js';
import { announce, commits } from '../../shared/tracing/trace-channels.js';
import type { CommitTarget } from '../append/group-commit.js';
import type { OwnerView } from './owner-view.js';

export interface SegmentChainOptions {
  readonly view: OwnerView;
  readonly place: Omit<SegmentPlace, 'first'>;
  readonly segmentBytesMax: number;
  /** Told between two commits, when the segment that was the active one takes no more. */
  readonly onRotated: (finished: ActiveSegment) => void;
}

/** The segments as commits see them: one file after the other, each up to its bound. */
export class SegmentChain implements CommitTarget {
  constructor(private readonly options: SegmentChainOptions) {}

  /**
   * Appends to the active segment, or to a new one if that is full. Records of one call stay together.
   * @throws also when no new segment can be made; then nothing was written.
   */
  async append(bytes: Buffer, commit: object): Promise<void> {
    const { view, segmentBytesMax } = this.options;
    if (view.active.length >= segmentBytesMax || view.active.isSpoilt) await this.rotate();
    const { active } = view;
    const announced = { commit, from: active.end, bytes: bytes.length };
    await announce(commits, announced, () => active.append(bytes));
  }

  heal(): Promise<void> {
    return this.options.view.active.heal();
  }

  private async rotate(): Promise<void> {
    const { view, place, onRotated } = this.options;
    const finished = view.active;
    view.rotate(await ActiveSegment.create({ ...place, first: finished.end }));
    onRotated(finished);
  }
}
