import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the events of an hour add up to, of all users; until its day is rolled up. */
@Entity('revenue_by_hour')
export class RevenueByHour {
  /** Its start. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'revenue_by_hour_pkey' })
  hour!: Date;

  @Column('numeric')
  revenue!: string;
}

/** The same of a day, UTC: of its hours that were rolled up. */
@Entity('revenue_by_day')
export class RevenueByDay {
  /** Its start. */
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'revenue_by_day_pkey' })
  day!: Date;

  @Column('numeric')
  revenue!: string;
}
