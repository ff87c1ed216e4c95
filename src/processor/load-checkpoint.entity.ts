import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Up to where a log is loaded. One row for each log identity. */
@Entity('load_checkpoint')
export class LoadCheckpoint {
  @PrimaryColumn('uuid', {
    name: 'log_id',
    primaryKeyConstraintName: 'load_checkpoint_pkey',
  })
  logId!: string;

  @Column('bigint')
  offset!: string;

  /** Of the last record before the offset: proof that a log is the one that was loaded. */
  @Column('text')
  fingerprint!: string;

  /** Of the last loaded event, in milliseconds since 1970; null before the first. */
  @Column('bigint', { nullable: true })
  timestamp!: string | null;

  /** Loaded so far. */
  @Column('bigint')
  events!: string;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
