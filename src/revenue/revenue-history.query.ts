import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional } from 'class-validator';
import { BUCKETS, type Bucket } from './history-range.js';
import { INSTANT_FORMS, parseInstant } from './parse-instant.js';

const toInstant = ({ value }: { readonly value: unknown }): number => parseInstant(value);

/** The query of `GET /revenue`, and of that of a user. */
export class RevenueHistoryQuery {
  /** Milliseconds since 1970. */
  @IsOptional()
  @Transform(toInstant)
  @IsInt({ message: `from must be ${INSTANT_FORMS}` })
  from?: number;

  /** Milliseconds since 1970; exclusive. */
  @IsOptional()
  @Transform(toInstant)
  @IsInt({ message: `to must be ${INSTANT_FORMS}` })
  to?: number;

  @IsOptional()
  @IsIn(BUCKETS, { message: 'bucket must be hour or day' })
  bucket: Bucket = 'hour';
}
