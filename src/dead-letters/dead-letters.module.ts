import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CountDeadLetters } from './count-dead-letters.js';
import { DeadLetter } from './dead-letter.entity.js';
import { Resubmission } from './resubmission.entity.js';
import { DeadLetterCount } from './dead-letters.port.js';

/** Records that can never be loaded. */
@Module({
  imports: [TypeOrmModule.forFeature([DeadLetter, Resubmission])],
  providers: [{ provide: DeadLetterCount, useClass: CountDeadLetters }],
  exports: [DeadLetterCount],
})
export class DeadLettersModule {}
