import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

export const DEAD_LETTER_STATES = ['open', 'claimed', 'resolved', 'reloaded'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** Whole numbers below 10^18: all that the database makes, and nothing that it would choke on. */
const ID = /^\d{1,18}$/;

/** The query of `GET /deadLetters`. */
export class DeadLettersQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit = 50;

  @IsOptional()
  @Matches(ID, { message: 'after must be the id of a dead letter' })
  after = '0';

  @IsOptional()
  @IsIn(DEAD_LETTER_STATES, { message: `state must be ${DEAD_LETTER_STATES.join(', ')}` })
  state?: DeadLetterState;
}

/** The path of the routes of one dead letter. */
export class DeadLetterPath {
  @Matches(ID, { message: 'the id of a dead letter is a whole number' })
  id!: string;
}
