import { Controller, Get, Header } from '@nestjs/common';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { CREATE_TABLE_DOCS } from './users.docs.js';
import { CreateTableService, type CreatedTable } from './create-table.service.js';

@Controller('createTable')
export class CreateTableController {
  constructor(private readonly tables: CreateTableService) {}

  @Get()
  @Describe(CREATE_TABLE_DOCS)
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  create(): Promise<CreatedTable> {
    return this.tables.create();
  }
}
