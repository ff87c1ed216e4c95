import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchBody, Batcher, batchItem, type Batch } from './batcher.js';

const item = (text: string) => ({ line: 1, text: JSON.stringify(text) });

describe('Batcher', () => {
  it('keeps every batch within both bounds and loses nothing', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 60 });
    const property = (all: string[], itemsMax: number): void => {
      const batcher = new Batcher({ itemsMax, bytesMax: 200 });
      const batches: Batch[] = [];
      for (const text of all) batches.push(...[batcher.add(item(text)) ?? []]);
      batches.push(batcher.take() ?? []);
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(itemsMax);
        if (batch.length > 1) expect(Buffer.byteLength(batchBody(batch))).toBeLessThanOrEqual(200);
      }
      const sent = batches.flatMap((batch) => JSON.parse(batchBody(batch)) as string[]);
      expect(sent).toEqual(all.map((text) => JSON.parse(JSON.stringify(text)) as string));
    };
    fc.assert(fc.property(texts, fc.integer({ min: 1, max: 10 }), property));
  });

  it('gives out no empty batch', () => {
    expect(new Batcher({ itemsMax: 2, bytesMax: 100 }).take()).toBeNull();
  });
});

describe('batchItem', () => {
  const event = { userId: 'o\'brien "x"', name: 'add_revenue', value: 1.5 } as const;

  it('makes the id of an event from the run and the line', () => {
    const { text, line } = batchItem(event, 'run', 42);
    expect(JSON.parse(text)).toEqual({ id: 'run:42', ...event });
    expect(line).toBe(42);
  });

  it("keeps an event's own id", () => {
    const { text } = batchItem({ ...event, id: 'own "id"' }, 'run', 42);
    expect(JSON.parse(text)).toEqual({ ...event, id: 'own "id"' });
  });
});
