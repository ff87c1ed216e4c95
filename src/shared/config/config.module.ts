import { Global, Module } from '@nestjs/common';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { AppConfig } from './app-config.js';
import { appConfig } from './config.js';

/** Gives every context the one validated `AppConfig`; the files were read before, see `config.ts`. */
@Global()
@Module({
  imports: [
    ConfigModule.forRoot({
      ignoreEnvFile: true,
      load: [registerAs('app', () => appConfig)],
    }),
  ],
  providers: [
    {
      provide: AppConfig,
      inject: [ConfigService],
      useFactory: (service: ConfigService) => service.getOrThrow<AppConfig>('app'),
    },
  ],
  exports: [AppConfig],
})
export class AppConfigModule {}
