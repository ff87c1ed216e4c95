/**
 * Runs with nothing new in a process of their own: `node bench/latency/child.mjs <JSON>`, where the JSON has an empty
 * directory, the URL of a database and the number of older segments. Prints its figures as a line of JSON.
 */
import { measureTick } from './measure-tick.mjs';

console.log(JSON.stringify(await measureTick(JSON.parse(process.argv[2]))));
