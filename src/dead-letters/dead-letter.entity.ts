import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A record that can never be loaded: where it stands, its first 64 KiB, and the reason. */
@Entity('dead_letters')
@Unique('dead_letters_log_offset_key', ['logId', 'offset'])
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

  /** Of the record in the log, in bytes; may be more than what `bytes` keeps. */
  @Column('bigint')
  length!: string;

  @Column('bytea')
  bytes!: Buffer;

  @Column('text')
  code!: string;

  @Column('text')
  message!: string;

  @Column('text', { default: 'open' })
  state!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
