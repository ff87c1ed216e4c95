import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One committed load of one log, in the bounded history of loads. */
@Entity('loads')
export class PastLoad {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'loads_pkey',
  })
  id!: string;

  @Column('uuid', { name: 'log_id' })
  logId!: string;

  @Column('bigint', { name: 'from_offset' })
  fromOffset!: string;

  /** Exclusive. */
  @Column('bigint', { name: 'to_offset' })
  toOffset!: string;

  @Column('bigint')
  events!: string;

  /** Distinct ones of this load. */
  @Column('bigint')
  users!: string;

  /** Users who got their first row. */
  @Column('bigint')
  inserted!: string;

  @Column('bigint')
  updated!: string;

  @Column('bigint', { name: 'dead_letters' })
  deadLetters!: string;

  /** Reading, folding and storing; without the COMMIT, which comes after this row. */
  @Column('bigint', { name: 'duration_ms' })
  durationMs!: string;

  @Column('timestamptz', { name: 'committed_at', default: () => 'now()' })
  committedAt!: Date;
}
