import { Controller, Get, Param, Query } from '@nestjs/common';
import { rangeOf } from './history-range.js';
import { INSTANT_FORMS, parseInstant } from './parse-instant.js';
import { RevenueHistoryQuery } from './revenue-history.query.js';
import { USER_HISTORY_DOCS } from './user-history.docs.js';
import {
  UserHistoryService,
  type UserRevenueAt,
  type UserRevenueOverTime,
} from './user-history.service.js';
import { Problem } from '../shared/http/problem.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { REVENUE_DOCS, USERS_DOCS } from './users.docs.js';
import { UsersQuery } from './users.query.js';
import { UsersService, type UserRevenue } from './users.service.js';

interface UsersPage {
  readonly users: readonly UserRevenue[];
  /** What to pass as `after` for the next page; null on the last one. */
  readonly next: string | null;
}

@Controller('users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly history: UserHistoryService,
  ) {}

  @Get()
  @Describe(USERS_DOCS)
  async list(@Query() query: UsersQuery): Promise<UserRevenue | UsersPage> {
    if (query.userId !== undefined) return this.balance(query.userId);
    if (query.order === '-revenue') {
      if (query.after !== undefined) throw topListHasNoPages();
      return { users: await this.users.highest(query.limit), next: null };
    }
    const users = await this.users.page(query.limit + 1, query.after);
    const page = users.slice(0, query.limit);
    return { users: page, next: users.length > page.length ? (page.at(-1)?.userId ?? null) : null };
  }

  @Get(':userId/revenue')
  @Describe(REVENUE_DOCS)
  async revenue(
    @Param('userId') userId: string,
    @Query('at') at: unknown,
  ): Promise<UserRevenue | UserRevenueAt> {
    if (at === undefined) return this.balance(userId);
    const found = await this.history.readAt(userId, instantBefore(at, Date.now()));
    return found ?? unknownUser(userId);
  }

  @Get(':userId/revenue/history')
  @Describe(USER_HISTORY_DOCS)
  async overTime(
    @Param('userId') userId: string,
    @Query() query: RevenueHistoryQuery,
  ): Promise<UserRevenueOverTime> {
    const asked = { userId, range: rangeOf(query, Date.now()) };
    const isFromGiven = query.from !== undefined;
    return (await this.history.read({ ...asked, isFromGiven })) ?? unknownUser(userId);
  }

  private async balance(userId: string): Promise<UserRevenue> {
    return (await this.users.find(userId)) ?? unknownUser(userId);
  }
}

function unknownUser(userId: string): never {
  const detail = `no event of user ${JSON.stringify(userId)} has been loaded`;
  throw new Problem({ status: 404, code: 'USER_UNKNOWN', detail });
}

/** Milliseconds since 1970. What the future adds nobody knows. */
function instantBefore(value: unknown, now: number): number {
  const at = parseInstant(value);
  if (at <= now) return at;
  const detail = Number.isNaN(at) ? `at must be ${INSTANT_FORMS}` : 'at must not be in the future';
  throw new Problem({ status: 400, code: 'REQUEST_INVALID', detail });
}

function topListHasNoPages(): Problem {
  const detail = 'after goes with the order userId only: a top list has one page';
  return new Problem({ status: 400, code: 'REQUEST_INVALID', detail });
}
