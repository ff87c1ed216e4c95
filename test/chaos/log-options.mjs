/** Bounds that are wide enough for all that a campaign sends. */
export const LOG_OPTIONS = {
  dedupeIdsMax: 2_000_000,
  dedupeWindowSeconds: 86_400,
  appendQueueBytesMax: 64 * 1024 * 1024,
  backlogBytesMax: 0,
  diskFreeBytesMin: 0,
};
