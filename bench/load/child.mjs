/**
 * One measurement of the bench of the load in a process of its own: `node bench/load/child.mjs <JSON>`, where the JSON
 * says the subject, an empty directory for it, and what it needs. Prints its figures as a line of JSON.
 */
import { peakMemory } from '../support/memory.mjs';

/** Each is loaded when it is measured: no other one's code is in its memory. */
const subjects = {
  stage: async (given) => (await import('./stage-log.mjs')).stageLog(given),
  product: async (given) => (await import('./product.mjs')).loadLog(given),
  fold: async (given) => (await import('./product.mjs')).foldLog(given),
  duckdb: async (given) => (await import('./duckdb.mjs')).sumWithDuckDb(given),
  copy: async (given) => (await import('./copy-and-sum.mjs')).copyAndSum(given),
  plain: async (given) => (await import('./fold-and-copy.mjs')).foldAndCopy(given),
};

const measurement = JSON.parse(process.argv[2]);
const figures = await subjects[measurement.subject](measurement);
console.log(JSON.stringify({ ...figures, peakBytes: peakMemory() }));
