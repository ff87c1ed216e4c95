import { Controller, Get, Param, Query } from '@nestjs/common';
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
  constructor(private readonly users: UsersService) {}

  @Get()
  @Describe(USERS_DOCS)
  async list(@Query() query: UsersQuery): Promise<UserRevenue | UsersPage> {
    if (query.userId !== undefined) return this.revenue(query.userId);
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
  async revenue(@Param('userId') userId: string): Promise<UserRevenue> {
    const found = await this.users.find(userId);
    if (found !== null) return found;
    const detail = `no event of user ${JSON.stringify(userId)} has been loaded`;
    throw new Problem({ status: 404, code: 'USER_UNKNOWN', detail });
  }
}

function topListHasNoPages(): Problem {
  const detail = 'after goes with the order userId only: a top list has one page';
  return new Problem({ status: 400, code: 'REQUEST_INVALID', detail });
}
