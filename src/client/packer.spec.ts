import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parcelBody, Packer, parcelItem, type Parcel } from './packer.js';

const item = (text: string) => ({ line: 1, text: JSON.stringify(text) });

describe('Packer', () => {
  it('keeps every parcel within both bounds and loses nothing', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 60 });
    const property = (all: string[], itemsMax: number): void => {
      const packer = new Packer({ itemsMax, bytesMax: 200 });
      const parcels: Parcel[] = [];
      for (const text of all) parcels.push(...[packer.add(item(text)) ?? []]);
      parcels.push(packer.take() ?? []);
      for (const parcel of parcels) {
        expect(parcel.length).toBeLessThanOrEqual(itemsMax);
        if (parcel.length > 1)
          expect(Buffer.byteLength(parcelBody(parcel))).toBeLessThanOrEqual(200);
      }
      const bodies = parcels.map(parcelBody).join('');
      expect(bodies).toBe(all.map((text) => `${JSON.stringify(text)}\n`).join(''));
    };
    fc.assert(fc.property(texts, fc.integer({ min: 1, max: 10 }), property));
  });

  it('gives out no empty parcel', () => {
    expect(new Packer({ itemsMax: 2, bytesMax: 100 }).take()).toBeNull();
  });
});

describe('parcelItem', () => {
  const event = { userId: 'o\'brien "x"', name: 'add_revenue', value: 1.5 } as const;

  it('makes the id of an event from the run and the line', () => {
    const { text, line } = parcelItem(event, 'run', 42);
    expect(JSON.parse(text)).toEqual({ id: 'run:42', ...event });
    expect(line).toBe(42);
  });

  it("keeps an event's own id", () => {
    const { text } = parcelItem({ ...event, id: 'own "id"' }, 'run', 42);
    expect(JSON.parse(text)).toEqual({ ...event, id: 'own "id"' });
  });
});
