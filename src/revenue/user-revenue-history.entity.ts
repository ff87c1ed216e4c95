import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

const KEY = { primaryKeyConstraintName: 'user_revenue_history_pkey' };

/** What the events of a user of an hour, or of a day whose hours were rolled up, add up to. */
@Entity('user_revenue_history')
@Check('user_revenue_history_bucket', `"bucket" in ('hour', 'day')`)
@Check('user_revenue_history_start', `"start" >= '1970-01-01T00:00:00Z' and "start" < 'infinity'`)
export class UserRevenueHistory {
  @PrimaryColumn('text', { name: 'user_id', collation: 'C', ...KEY })
  userId!: string;

  @PrimaryColumn('text', { collation: 'C', ...KEY })
  bucket!: 'hour' | 'day';

  /** Hours and days are those of UTC. */
  @PrimaryColumn('timestamptz', KEY)
  start!: Date;

  @Column('numeric')
  revenue!: string;
}
