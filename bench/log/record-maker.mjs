/**
 * @param lineBytes how long the line of each record in the log is to be
 * @param ids whether each record gets an id, which no other one has
 * @returns makes the next record
 */
export function recordMaker(lineBytes, ids) {
  const idOf = (n) => `bench-${String(n).padStart(12, '0')}`;
  const around = `{"timestamp":1763800000000,${ids ? `"id":"${idOf(0)}",` : ''}"fill":""}\n`;
  const payload = `{"fill":"${'x'.repeat(lineBytes - around.length)}"}`;
  if (!ids) return () => ({ payload });
  let n = 0;
  return () => ({ id: idOf(n++), payload });
}
