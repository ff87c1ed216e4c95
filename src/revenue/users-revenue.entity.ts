import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One row for every user that has a loaded event, even at balance 0. */
@Entity('users_revenue')
export class UsersRevenue {
  @PrimaryColumn('text', {
    name: 'user_id',
    collation: 'C',
    primaryKeyConstraintName: 'users_revenue_pkey',
  })
  userId!: string;

  /** An exact decimal, which JavaScript has no number for. */
  @Column('numeric')
  revenue!: string;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
