import { SetMetadata } from '@nestjs/common';
import type { Scope } from '../config/api-keys.js';

export const SCOPE_METADATA = 'revenue-etl:scope';

/** Routes that anybody may call, keys or not: health checks. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(SCOPE_METADATA, 'public');

/** The scope that a key needs for this route; `read` where nothing is said. */
export const NeedsScope = (scope: Scope): MethodDecorator & ClassDecorator =>
  SetMetadata(SCOPE_METADATA, scope);
