import { isNativeError } from 'node:util/types';
import { TestEnvironment } from 'jest-environment-node';

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];

/**
 * Jest runs each spec file in a realm of its own, where an error thrown by Node's core (`ENOENT`
 * from fs, say) is not `instanceof Error`. Code under test would then take another path than in
 * production, so `Error` of the realm recognises the errors of every realm. Its subclasses keep
 * the ordinary rule.
 */
export default class RealmSafeNodeEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    const realmError = this.global.Error;
    Object.defineProperty(realmError, Symbol.hasInstance, {
      configurable: true,
      value(candidate) {
        if (this === realmError && isNativeError(candidate)) return true;
        return ordinaryHasInstance.call(this, candidate);
      },
    });
  }
}
