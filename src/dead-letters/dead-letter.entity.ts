import { Column, Entity, Index, PrimaryGeneratedColumn, Unique } from 'typeorm';

/**
 * A record that can never be loaded: where it stands, its first 64 KiB, and the reason. Or a range of
 * the log that was damaged when it was loaded, which may be reloaded once it is restored.
 */
@Entity('dead_letters')
@Unique('dead_letters_log_offset_key', ['logId', 'offset'])
@Index('dead_letters_open_idx', ['id'], { where: "(state = 'open'::text)" })
export class DeadLetter {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'dead_letters_pkey',
  })
  id!: string;

  @Column('uuid', { name: 'log_id' })
  logId!: string;

  @Column('bigint')
  offset!: string;

  /** Of the record or range in the log, in bytes; may be more than what `bytes` keeps. */
  @Column('bigint')
  length!: string;

  @Column('bytea')
  bytes!: Buffer;

  @Column('text')
  code!: string;

  @Column('text')
  message!: string;

  /**
   * `open`: waits for somebody. `claimed`: a corrected event is on its way. `resolved`: it is in the balances.
   * `reloaded`: a range whose events are in the balances now.
   */
  @Column('text', { default: 'open' })
  state!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
