import { All, Controller, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { NotInDocs } from '../shared/http/not-in-docs.js';
import { methodNotAllowed } from '../shared/http/refuse-unasked.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { CREATE_TABLE_DOCS, CREATE_TABLE_POST_DOCS } from './users.docs.js';
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

  @Post()
  @Describe(CREATE_TABLE_POST_DOCS)
  @HttpCode(200)
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  createByPost(): Promise<CreatedTable> {
    return this.tables.create();
  }

  @All()
  @NotInDocs()
  @NeedsScope('admin')
  refuse(@Req() request: Request): never {
    throw methodNotAllowed(request.method);
  }
}
