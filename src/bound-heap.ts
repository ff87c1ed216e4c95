import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow by 30 % of what is alive between two full collections. By default V8 lets a
 * small heap grow several times over, and a load leaves garbage of every batch behind: 2,000,000
 * events of 100,000 users, all with ids, took 357 MB (resident, at most), and 254 MB with this, in
 * the same time. V8 reads the flag at each collection, so that setting it while running is enough.
 */
export function boundHeap(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
