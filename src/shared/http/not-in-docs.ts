import { SetMetadata } from '@nestjs/common';

/**
 * For a handler that is no route of its own, such as the one for all other methods: the document of the routes has
 * nothing of it. What `ApiExcludeEndpoint` of @nestjs/swagger does, which is loaded only once somebody asks for the document.
 */
export const NotInDocs = (): MethodDecorator =>
  SetMetadata('swagger/apiExcludeEndpoint', { disable: true });
