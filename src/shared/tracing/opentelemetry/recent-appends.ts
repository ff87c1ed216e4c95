import type { Link, SpanContext } from '@opentelemetry/api';

/** More than are linked: those behind the end of a load are the next one's. */
const KEPT_MAX = 256;
const LINKED_MAX = 32;

interface RecentAppend {
  readonly from: number;
  readonly to: number;
  readonly span: SpanContext;
}

/** The last recorded appends that no load has reached yet. */
export class RecentAppends {
  private kept: RecentAppend[] = [];

  /** @param from offset of its first record @param to where it ends, exclusive */
  add(from: number, to: number, span: SpanContext): void {
    if (this.kept.length >= KEPT_MAX) this.kept.shift();
    this.kept.push({ from, to, span });
  }

  /** Links to the last appends that have records in this range, which was loaded; what ends in it is forgotten. */
  takeLinks(from: number, to: number): Link[] {
    const loaded = this.kept.filter((append) => append.from < to && append.to > from);
    this.kept = this.kept.filter((append) => append.to > to);
    return loaded.slice(-LINKED_MAX).map(({ span }) => ({ context: span }));
  }
}
