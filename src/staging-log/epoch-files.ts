/** Ids that a new epoch of a log takes over from the one before. */
export const INHERITED_FILE = 'inherited.ids';

/** What a new epoch of a log tells of the one before. */
export const EPOCH_FILE = 'epoch.json';
