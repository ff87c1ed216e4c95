export { computeShare } from './compute-share.js';
export { openShare, ShareError, type OpenShare } from './share-file.js';
export { verifyBalances, type Verification } from './verify-balances.js';
export { writeShareFile } from './write-share.js';
