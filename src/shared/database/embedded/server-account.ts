/**
 * As whom the server runs. PostgreSQL refuses uid 0, so root has to become somebody else:
 *
 * - `self`: an ordinary user, nothing to do
 * - `user-namespace`: root outside, an ordinary user inside; keeps root's ownership of the files and its way into 0700 directories
 * - `other-user`: a real change of uid and gid; the files belong to that user
 */
export type ServerAccount =
  | { readonly kind: 'self' }
  | { readonly kind: 'user-namespace' }
  | { readonly kind: 'other-user'; readonly uid: number; readonly gid: number };

/** A command line together with the identity that it has to be spawned with. */
export interface AccountCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

const MAPPED_ID = 65534;

/** Turns an argument vector into one that runs as `account`; neither way forks, so the process id stays the command's own. */
export function commandAs(
  account: ServerAccount,
  argv: readonly [string, ...string[]],
): AccountCommand {
  const [file, ...args] = argv;
  switch (account.kind) {
    case 'self':
      return { file, args, identity: {} };
    case 'user-namespace':
      return {
        file: 'unshare',
        args: ['-U', `--map-user=${MAPPED_ID}`, `--map-group=${MAPPED_ID}`, '--', ...argv],
        identity: {},
      };
    case 'other-user':
      return { file, args, identity: { uid: account.uid, gid: account.gid } };
    default:
      return account satisfies never;
  }
}

/** The owner that files must have on disk for `account` to use them. */
export function fileOwnerOf(account: ServerAccount): {
  readonly uid: number;
  readonly gid: number;
} {
  if (account.kind === 'other-user') return { uid: account.uid, gid: account.gid };
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

/** For messages: who that is. */
export function describeAccount(account: ServerAccount): string {
  switch (account.kind) {
    case 'self':
      return `uid ${fileOwnerOf(account).uid}`;
    case 'user-namespace':
      return 'an unprivileged user namespace';
    case 'other-user':
      return `uid ${account.uid}`;
    default:
      return account satisfies never;
  }
}
