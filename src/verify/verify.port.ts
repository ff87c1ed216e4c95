export { verifyBalances, type Verification } from './verify-balances.js';
