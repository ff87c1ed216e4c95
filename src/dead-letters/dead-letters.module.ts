import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { CorrectionSender } from './correction.sender.js';
import { CountDeadLetters } from './count-dead-letters.js';
import { DeadLetter } from './dead-letter.entity.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLetterCount } from './dead-letters.port.js';
import { FinishClaimsService } from './finish-claims.service.js';
import { Resubmission } from './resubmission.entity.js';
import { ResubmitService } from './resubmit.service.js';

/** Records that can never be loaded, and the corrected events that are sent for them. */
@Module({
  imports: [StagingLogModule, TypeOrmModule.forFeature([DeadLetter, Resubmission])],
  controllers: [DeadLettersController],
  providers: [
    CorrectionSender,
    ResubmitService,
    FinishClaimsService,
    { provide: DeadLetterCount, useClass: CountDeadLetters },
  ],
  exports: [DeadLetterCount],
})
export class DeadLettersModule {}
