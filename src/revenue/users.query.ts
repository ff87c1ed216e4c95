import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, Min, NotContains } from 'class-validator';

/** The query of `GET /users`: one user by `userId`, else a page, else the top list. */
export class UsersQuery {
  @IsOptional()
  @IsString()
  userId?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000)
  limit = 50;

  @IsOptional()
  @IsString()
  @NotContains('\0', { message: 'after must not hold NUL' })
  after?: string;

  @IsOptional()
  @IsIn(['userId', '-revenue'], { message: 'order must be userId or -revenue' })
  order: 'userId' | '-revenue' = 'userId';
}
