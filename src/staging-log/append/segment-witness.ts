import type { LocalLogReader } from '../read/local-log-reader.js';
import type { OwnerView } from '../segments/owner-view.js';
import type { Offset } from '../staging-log.port.js';

/**
 * Knows the file that is appended to: by its place on the disk, by its length, and by the record
 * that was the last one when it was seen before. Without the latter, a file that was emptied and
 * appended to again between two looks has its length back, with zeros where records were.
 */
export class SegmentWitness {
  private seen: { readonly end: Offset; readonly last: string } | null = null;

  constructor(
    private readonly view: OwnerView,
    private readonly reader: LocalLogReader,
  ) {}

  /** Why the file is not in place, and what to do; null when it is. A failing look finds it gone. */
  async findTrouble(): Promise<string | null> {
    const { active } = this.view;
    try {
      await active.assertInPlace();
      if (active.isSpoilt) return null; // known, and the next commit goes to another segment
      await this.assertSameRecord();
      return null;
    } catch (error) {
      if (active !== this.view.active) return null; // sealed meanwhile: the next look is at the new one
      const why = error instanceof Error ? error.message : String(error);
      return `${why}; put ${active.path} back and the log goes on, or restart to go on with what is there`;
    }
  }

  private async assertSameRecord(): Promise<void> {
    const { active } = this.view;
    if (this.seen !== null && this.seen.end > active.first) {
      const { end, last } = this.seen;
      if ((await this.reader.compare(end, last)) !== 'same') {
        throw new Error(
          `${active.path} has other bytes before offset ${end} than were acknowledged`,
        );
      }
    }
    const end = this.reader.endOffset();
    if (end === this.seen?.end || end <= active.first) return;
    this.seen = { end, last: await this.reader.fingerprintBefore(end) };
  }
}
