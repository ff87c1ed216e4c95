import { basename } from 'node:path';

const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** One spelling for file names, so that a name can be guessed from what the file exports. */
export const kebabCaseFileName = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { notKebabCase: 'Name the file in kebab-case, not "{{name}}".' },
  },
  create(context) {
    return {
      Program(node) {
        const name = basename(context.filename);
        if (!kebabCase.test(name)) {
          context.report({ node, messageId: 'notKebabCase', data: { name } });
        }
      },
    };
  },
};
