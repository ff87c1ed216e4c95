/** Holds this whole process for so many milliseconds: no timer runs meanwhile, and no socket is read. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
