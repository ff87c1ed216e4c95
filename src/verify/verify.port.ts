export { computeShare } from './compute-share.js';
export { openShare, type Share } from './share-file.js';
export { verifyBalances, type Verification } from './verify-balances.js';
export { writeShareFile } from './write-share.js';
