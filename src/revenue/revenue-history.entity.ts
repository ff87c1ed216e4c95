import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** What the events of an hour, or of a day whose hours were rolled up, add up to, of all users. */
@Entity('revenue_history')
@Check('revenue_history_bucket', `"bucket" in ('hour', 'day')`)
export class RevenueHistory {
  @PrimaryColumn('text', {
    collation: 'C',
    primaryKeyConstraintName: 'revenue_history_pkey',
  })
  bucket!: 'hour' | 'day';

  /** Hours and days are those of UTC. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'revenue_history_pkey' })
  start!: Date;

  @Column('numeric')
  revenue!: string;
}
