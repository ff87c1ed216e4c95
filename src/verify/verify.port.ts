export { computeShare } from './compute-share.js';
export { rebuildBalances, type Rebuilding } from './rebuild-balances.js';
export { openShare, ShareError, type OpenShare } from './share-file.js';
export { verifyBalances, type Verification } from './verify-balances.js';
export { writeShareFile } from './write-share.js';
