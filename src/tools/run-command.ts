/**
 * Runs a command of the project and ends the process with its exit code. Errors with a code of ours
 * carry all that a person needs in their message; of any other the stack is shown.
 */
export function runCommand(command: () => Promise<number>): void {
  command().then(
    (exitCode) => {
      process.exitCode = exitCode;
    },
    (error: unknown) => {
      const known = error instanceof Error && 'code' in error;
      const text = error instanceof Error && !known ? error.stack : String(error);
      process.stderr.write(`${text ?? String(error)}\n`);
      process.exitCode = 3;
    },
  );
}
