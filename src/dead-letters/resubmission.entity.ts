import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A corrected event for a dead letter, or for a place where one may still be found. Claimed before it is
 * sent, and loaded once: by the record that `loadedLogId` and `loadedOffset` name.
 */
@Entity('resubmissions')
@Index('resubmissions_loaded_idx', ['loadedLogId', 'loadedOffset'])
export class Resubmission {
  /** Of the dead letter. */
  @PrimaryColumn('uuid', { name: 'log_id', primaryKeyConstraintName: 'resubmissions_pkey' })
  logId!: string;

  /** Of the dead letter. */
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'resubmissions_pkey' })
  offset!: string;

  /** The canonical text of the corrected event, without an id. */
  @Column('text')
  event!: string;

  /** The log that the event is sent to; null when a load found a record that nobody here claimed. */
  @Column('uuid', { name: 'claimed_by', nullable: true })
  claimedBy!: string | null;

  @Column('timestamptz', { name: 'claimed_at', default: () => 'now()' })
  claimedAt!: Date;

  @Column('uuid', { name: 'loaded_log_id', nullable: true })
  loadedLogId!: string | null;

  @Column('bigint', { name: 'loaded_offset', nullable: true })
  loadedOffset!: string | null;

  @Column('timestamptz', { name: 'loaded_at', nullable: true })
  loadedAt!: Date | null;
}
