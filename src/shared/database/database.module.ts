import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions } from './data-source-options.js';
import { Database } from './database.js';

/** One DataSource for all contexts; each brings its entities along by `TypeOrmModule.forFeature`. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(url: string): DynamicModule {
    const options = { ...dataSourceOptions(url), autoLoadEntities: true };
    return {
      module: DatabaseModule,
      imports: [TypeOrmModule.forRoot({ ...options, manualInitialization: true })],
      providers: [Database],
      exports: [Database],
    };
  }
}
