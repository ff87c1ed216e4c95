import { Controller, Get, Header } from '@nestjs/common';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { CreateTableService, type CreatedTable } from './create-table.service.js';

@Controller('createTable')
export class CreateTableController {
  constructor(private readonly tables: CreateTableService) {}

  @Get()
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  create(): Promise<CreatedTable> {
    return this.tables.create();
  }
}
