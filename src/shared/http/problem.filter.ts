import { Catch, type ArgumentsHost } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { toProblem } from './to-problem.js';
import { writeProblem } from './write-problem.js';

/** Turns whatever a route throws into `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    writeProblem(host.switchToHttp().getResponse<Response>(), toProblem(error));
  }
}
