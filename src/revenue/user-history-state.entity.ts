import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What of a log is in revenue over time by user. */
@Entity('user_history_state')
export class UserHistoryState {
  @PrimaryColumn('uuid', { name: 'log_id', primaryKeyConstraintName: 'user_history_state_pkey' })
  logId!: string;

  /** Up to here it was loaded with it; another one than that of the checkpoint: it was loaded without it since. */
  @Column('bigint')
  offset!: string;

  /** Of events of this hour and later ones, all that are loaded are in it; `-infinity`: of all hours. */
  @Column('timestamptz', { name: 'known_from' })
  knownFrom!: Date;
}
