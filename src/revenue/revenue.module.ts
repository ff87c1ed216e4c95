import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CreateTableController } from './create-table.controller.js';
import { CreateTableService } from './create-table.service.js';
import { RevenueHistoryController } from './revenue-history.controller.js';
import { RevenueHistory } from './revenue-history.entity.js';
import { RevenueHistoryService } from './revenue-history.service.js';
import { UserHistoryState } from './user-history-state.entity.js';
import { UserHistoryService } from './user-history.service.js';
import { UserRevenueHistory } from './user-revenue-history.entity.js';
import { UsersController } from './users.controller.js';
import { UsersRevenue } from './users-revenue.entity.js';
import { UsersService } from './users.service.js';

/** The result: the table of balances, and who asks for it. */
@Module({
  imports: [
    TypeOrmModule.forFeature([UsersRevenue, RevenueHistory, UserRevenueHistory, UserHistoryState]),
  ],
  controllers: [UsersController, RevenueHistoryController, CreateTableController],
  providers: [UsersService, UserHistoryService, RevenueHistoryService, CreateTableService],
})
export class RevenueModule {}
